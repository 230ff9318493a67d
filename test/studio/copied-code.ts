import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import ts from "typescript";
import { expect } from "vitest";
import { root } from "../built.js";

const run = promisify(execFile);

/** The program that a view's menu shows. @param menu the menu's button: "Export head-1.3" */
export async function copiedCode(page: Page, menu: string | RegExp): Promise<string> {
	await page.getByRole("button", { name: menu }).first().click();
	await page.getByRole("menuitem", { name: "Copy as TypeScript" }).click();
	const dialog = page.getByRole("dialog", { name: "As TypeScript" });
	const code = (await dialog.locator("pre").textContent()) ?? "";
	await page.keyboard.press("Escape");
	await dialog.waitFor({ state: "hidden" });
	return code;
}

/** Runs TypeScript as a user would, in Node with the built package. @returns what it prints */
export async function runCode(code: string): Promise<string> {
	const { outputText, diagnostics } = ts.transpileModule(code, {
		// what the oldest Node does not know is left as it is, and fails
		compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext },
		reportDiagnostics: true,
	});
	expect(diagnostics?.map(({ messageText }) => messageText)).toEqual([]);
	// below the package, so that "headscope" is the package itself, built
	mkdirSync(join(root, ".cache"), { recursive: true });
	const folder = mkdtempSync(join(root, ".cache/code-"));
	try {
		const file = join(folder, "copied.mjs");
		writeFileSync(file, outputText);
		return (await run(process.execPath, [file], { cwd: folder, maxBuffer: 2 ** 26 })).stdout;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

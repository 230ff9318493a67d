/**
 * Faults planted in copies of models: with a reference each that changes a number on its prompt is found and its place
 * named, without one exactly the checks that are listed see it.
 */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { type Finding, verifyModel } from "../../src/verify/index.js";
import { FAULTS } from "./faults.js";
import { assemble, openFolder, partsOf, referenceOf } from "./plant.js";
import { textFor } from "./texts.js";

const engine = await LocalEngine.create();
afterAll(() => engine.dispose());

/** The prompt of the reference, where it is one that the tokenizer can be asked for. */
const PROMPTS: Readonly<Record<string, string>> = {
	stories260k: "Once upon a time, there was a little girl",
};

function failed(findings: readonly Finding[]): string[] {
	return findings.filter(({ status }) => status === "failed").map(({ check }) => check);
}

test("there are twenty faults and more that a reference must find", () => {
	const placed = FAULTS.filter(({ place }) => place !== undefined);
	expect(placed.length).toBeGreaterThanOrEqual(20);
	expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
});

describe.each(FAULTS)("$name", ({ of, plant, place, alone }) => {
	test("is found with a reference, and its place named, and without one by what it breaks", async () => {
		await using healthy = await openFolder(of, engine);
		const parts = plant(await partsOf(healthy, of));
		await using model = await assemble(parts, engine);
		const reference = await referenceOf(of, PROMPTS[of]);
		const text = textFor(of, healthy.tokenizer);
		const found = await verifyModel(model, { reference, ...(text !== undefined && { text }) });
		const [compared, ...others] = found.findings as [Finding, ...Finding[]];
		expect(compared.status, compared.detail).toBe(place === undefined ? "passed" : "failed");
		expect(compared.place).toBe(place);
		expect(failed(others), JSON.stringify(others, null, 1)).toEqual(alone);
		expect(found.passed).toBe(false);
		// what the command says of itself without a reference is no more than this
		const silent = await verifyModel(model, { ...(text !== undefined && { text }) });
		expect(failed(silent.findings)).toEqual(alone);
		expect(silent.passed).toBe(alone.length === 0);
	});
});

test("docs/verify.md claims no more and no less", () => {
	const page = readFileSync(new URL("../../docs/verify.md", import.meta.url), "utf8");
	const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ") || "-";
	const rows = FAULTS.map(({ name, place, alone }) => `| ${name} | ${place ?? "-"} | ${code(alone)} |`);
	expect(page).toContain(`| --- | --- | --- |\n${rows.join("\n")}\n\n`);
});

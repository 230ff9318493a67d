import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TextStream } from "../../src/cli/io.js";
import { run } from "../../src/cli/run.js";

/** What a command line left behind. */
export interface Ran {
	code: number;
	stdout: string;
	stderr: string;
}

/** Runs a command line in this process. */
export async function runCli(...argv: string[]): Promise<Ran> {
	return runCliWith(new AbortController().signal, ...argv);
}

export async function runCliWith(signal: AbortSignal, ...argv: string[]): Promise<Ran> {
	const [stdout, stderr] = [collector(), collector()];
	const code = await run(argv, { stdout: stdout.stream, stderr: stderr.stream, signal });
	return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** The JSON document of a command that succeeds and prints nothing else. */
export async function runJson<T>(...argv: string[]): Promise<T> {
	const { code, stdout, stderr } = await runCli(...argv, "--json");
	if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
	return JSON.parse(stdout) as T;
}

export function collector(isTTY = false): { stream: TextStream; text(): string } {
	const parts: string[] = [];
	const write = (text: string, done?: () => void): void => {
		parts.push(text);
		done?.();
	};
	return { stream: { write, isTTY }, text: () => parts.join("") };
}

/** An empty folder that is gone after the test. */
export class Folder implements Disposable {
	readonly path: string = mkdtempSync(join(tmpdir(), "headscope-"));

	at(...parts: string[]): string {
		return join(this.path, ...parts);
	}

	[Symbol.dispose](): void {
		rmSync(this.path, { recursive: true });
	}
}

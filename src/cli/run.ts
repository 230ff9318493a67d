import { EXIT, endingOf } from "./errors.js";
import type { CliIo } from "./io.js";
import { createProgram } from "./program.js";

/**
 * Runs a command line and resolves to its exit code: 0, 1 where the work failed, 2 where the command line
 * is wrong, 130 after Ctrl-C. An error is one line on stderr; `--verbose` adds its stack.
 *
 * @param argv the arguments alone: `["attention", "demo", "--json"]`
 */
export async function run(argv: readonly string[], io: CliIo): Promise<number> {
	try {
		const args = argv.length === 0 ? ["--help"] : [...argv];
		await createProgram(io).parseAsync(args, { from: "user" });
		return io.signal.aborted ? EXIT.interrupted : EXIT.ok;
	} catch (error) {
		const { code, line } = endingOf(error, io.signal);
		if (line !== undefined) io.stderr.write(`headscope: ${line}\n`);
		if (code !== EXIT.ok && argv.includes("--verbose")) io.stderr.write(`${stackOf(error)}\n`);
		return code;
	}
}

/** The stack of an error and of what caused it. */
function stackOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const own = error.stack ?? error.message;
	return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(error.cause)}`;
}

import { CommanderError } from "commander";

/** A command line that cannot be followed: exit code 2. */
export class UsageError extends Error {
	override readonly name = "UsageError";
}

export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/**
 * Errors that say the command line is wrong, by name rather than by class, so that the modules that throw
 * them are not loaded for `--help`. Everything else, such as a broken file, is a failure of the work.
 */
const USAGE_ERRORS: ReadonlySet<string> = new Set([
	"UsageError",
	"HookError",
	"InterventionError",
	"GenerationError",
	"CausalError",
	"MetricError",
	"ExperimentError",
	"LensError",
	"VerifyError",
]);

/** How a command ends: its exit code, and the line for stderr where there is one. */
export interface Ending {
	readonly code: number;
	readonly line?: string;
}

/** What a thrown value means for the process. */
export function endingOf(error: unknown, signal: AbortSignal): Ending {
	if (signal.aborted) return { code: EXIT.interrupted };
	if (error instanceof CommanderError) {
		if (error.exitCode === 0) return { code: EXIT.ok };
		// what commander says where options came but no command
		const message =
			error.code === "commander.help" ? "no command given; see headscope --help" : error.message;
		return { code: EXIT.usage, line: oneLine(message.replace(/^error: /, "")) };
	}
	if (!(error instanceof Error)) return { code: EXIT.failed, line: oneLine(String(error)) };
	return {
		// what concerns an option says so first
		code: USAGE_ERRORS.has(error.name) || error.message.startsWith("--") ? EXIT.usage : EXIT.failed,
		line: oneLine(error.message || error.name),
	};
}

/** Most characters of a message: a hostile file's name does not fill the screen. */
const LONGEST = 1000;

/** A message as one line: line breaks become spaces, other control characters "?". */
export function oneLine(text: string): string {
	const line = text
		.slice(0, LONGEST)
		.replaceAll(/[\r\n\u2028\u2029]+\s*/g, " ")
		// biome-ignore lint/suspicious/noControlCharactersInRegex: they would move the terminal's cursor
		.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, "?")
		.trim();
	return text.length > LONGEST ? `${line}…` : line;
}

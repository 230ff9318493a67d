/**
 * What is wrong with a weights file, folder or download: always one line that says what,
 * what was found, what is allowed, and where.
 */
export class WeightsError extends Error {
	override name = "WeightsError";

	constructor(message: string, options?: ErrorOptions) {
		super(asLine(message), options);
	}
}

/** Throws a {@link WeightsError}; `where` is the file's name. */
export function refuse(where: string, what: string, cause?: unknown): never {
	throw new WeightsError(`${oneLine(where)}: ${what}`, cause === undefined ? undefined : { cause });
}

/** A name from a file in quotes, shortened and with control characters escaped: a hostile name stays one line. */
export function quote(name: string): string {
	// cut before escaping: JSON.stringify of a name of many megabytes would be the next allocation
	const head = [...name.slice(0, 80)].slice(0, 60).join("");
	return JSON.stringify(name.length > head.length ? `${head}…` : name).replaceAll(
		/[\u2028\u2029\x7f-\x9f]/g,
		"?",
	);
}

/** Text with line breaks and control characters replaced, at most 200 characters. */
export function oneLine(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
	return text.slice(0, 200).replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ");
}

/** The message of anything thrown, on one line. */
export function messageOf(error: unknown): string {
	const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
	const message = error instanceof Error ? error.message : String(error);
	return oneLine(cause && !message.includes(cause) ? `${message} (${cause})` : message);
}

/** Longest message of an error about what others wrote, in characters. */
const LONGEST_MESSAGE = 2000;

/** A message that stays one line of a length that people read, whatever names from files stand in it. */
export function asLine(message: string): string {
	const line = message.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ");
	return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
}

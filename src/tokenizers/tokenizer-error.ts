/** A tokenizer file or an input that is refused. The message is one line: what, got, allowed, where. */
export class TokenizerError extends Error {
	override readonly name: string = "TokenizerError";

	constructor(message: string) {
		// names from files stand in it
		super(message.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " "));
	}
}

/** A short, single-line form of any value, for messages about hostile files. */
export function show(value: unknown): string {
	if (Array.isArray(value)) return `an array of ${value.length}`;
	if (typeof value === "object" && value !== null) return "an object";
	const text = typeof value === "string" ? JSON.stringify(value) : String(value);
	return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

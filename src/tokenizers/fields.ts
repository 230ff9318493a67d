import { show, TokenizerError } from "./tokenizer-error.js";

/** A JSON object with unknown values. */
export type Fields = Readonly<Record<string, unknown>>;

/** Parts may hold parts (Sequence); deeper than this is refused before it can fill the stack. */
const MAX_DEPTH = 8;

export function asFields(value: unknown, where: string): Fields {
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new TokenizerError(`${where}: ${show(value)}; must be an object`);
	}
	return value as Fields;
}

export function asString(value: unknown, where: string): string {
	if (typeof value !== "string") throw new TokenizerError(`${where}: ${show(value)}; must be a string`);
	return value;
}

/** A flag; null and a missing field give the fallback. */
export function asFlag(value: unknown, fallback: boolean, where: string): boolean {
	if (value === undefined || value === null) return fallback;
	if (typeof value !== "boolean") throw new TokenizerError(`${where}: ${show(value)}; must be true or false`);
	return value;
}

export function asArray(value: unknown, where: string, limit: number): readonly unknown[] {
	if (!Array.isArray(value)) throw new TokenizerError(`${where}: ${show(value)}; must be an array`);
	if (value.length > limit) {
		throw new TokenizerError(`${where}: ${value.length} entries; at most ${limit} are read`);
	}
	return value;
}

/** Reads the parts of a Sequence, each by `read`, with its place in the file and its depth. */
export function readSequence<T>(
	parts: unknown,
	where: string,
	depth: number,
	read: (part: unknown, where: string, depth: number) => T,
): T[] {
	if (depth >= MAX_DEPTH) throw new TokenizerError(`${where}: nested more than ${MAX_DEPTH} deep`);
	return asArray(parts, where, 64).map((part, i) => read(part, `${where}[${i}]`, depth + 1));
}

export function unknownType(type: unknown, where: string, known: readonly string[]): TokenizerError {
	return new TokenizerError(`${where}.type: ${show(type)}; known: ${known.join(", ")}`);
}

/** Letters that the replacements of a file may make of one; those of models in use make three at most. */
const MAX_GROWTH = 64;

/**
 * Refuses a normalizer or decoder, already read, whose replacements one after another make very much of a short text: each
 * of them doubles it, say.
 */
export function checkGrowth(value: unknown, where: string): void {
	const growth = growthOf(value as Fields);
	if (growth <= MAX_GROWTH) return;
	throw new TokenizerError(
		`${where}: its replacements make up to ${growth.toPrecision(2)} letters of one; at most ${MAX_GROWTH}`,
	);
}

function growthOf({ type, normalizers, decoders, pattern, content }: Fields): number {
	if (type === "Sequence") {
		const parts = (normalizers ?? decoders) as readonly Fields[];
		return parts.reduce((product, part) => product * growthOf(part), 1);
	}
	if (type !== "Replace") return 1;
	const [from, to] = [(pattern as { String: string }).String.length, (content as string).length];
	// nothing is found before and behind each letter
	return from === 0 ? 1 + 2 * to : Math.max(1, to / from);
}

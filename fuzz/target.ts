/** A reader of something that comes from outside, as the fuzzer calls it. */
export interface Target {
	/** Files of the reader itself, below the repository's root: what the corpus must take the branches of. */
	readonly sources: readonly string[];
	/** The reader's own errors. Every other one is a finding. */
	readonly refusals: readonly (abstract new (
		...args: never[]
	) => Error)[];
	/** Longest input that is tried, in bytes. Default 4096. */
	readonly longest?: number;
	/** Reads one input, and uses what was read as far as that can fail by the input. */
	read(input: Uint8Array): unknown;
	/** Inputs to begin with: whole ones, and those that differ from them in one thing. */
	seeds(): Iterable<Uint8Array>;
}

/** Longest message of a refusal, in characters: it is for people, whatever a file's names are. */
const LONGEST_MESSAGE = 4000;

const PROTOTYPES = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Map.prototype];
const properties = PROTOTYPES.map((prototype) => Reflect.ownKeys(prototype));

/**
 * What a target makes of an input.
 * @throws {Error} for a finding: an error of another type, one of several lines, a changed prototype
 */
export async function outcomeOf(target: Target, input: Uint8Array): Promise<"read" | "refused"> {
	let refusal: unknown;
	try {
		await target.read(input);
	} catch (error) {
		refusal = error;
	}
	for (const [i, prototype] of PROTOTYPES.entries()) {
		const added = Reflect.ownKeys(prototype).filter((key) => !properties[i]?.includes(key));
		for (const key of added) Reflect.deleteProperty(prototype, key);
		if (added.length > 0) throw new Error(`a prototype got ${added.map(String).join(", ")}`);
	}
	if (refusal === undefined) return "read";
	if (!(refusal instanceof Error && target.refusals.some((kind) => refusal instanceof kind)))
		throw new Error("an error that is no refusal", { cause: refusal });
	checkLine(refusal.message);
	return "refused";
}

/** Throws for a message that is empty, longer than people read, or not one line. */
export function checkLine(message: string): void {
	if (message.length < 5 || message.length > LONGEST_MESSAGE || /[\p{Cc}\u2028\u2029]/u.test(message))
		throw new Error(`a message that is not one line: ${JSON.stringify(message.slice(0, LONGEST_MESSAGE))}`);
}

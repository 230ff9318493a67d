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
	/** Reads one input, and uses what was read as far as that can fail by the input. Plain data that it returns is looked at. */
	read(input: Uint8Array): unknown;
	/** Inputs to begin with: whole ones, and those that differ from them in one thing. */
	seeds(): Iterable<Uint8Array>;
}

/** Longest message of a refusal, in characters: it is for people, whatever a file's names are. */
const LONGEST_MESSAGE = 4000;

const PROTOTYPES = { Object, Array, String, Function, Map, Set, Number, Boolean, Error, RegExp, Uint8Array };
/** What `__proto__` and `constructor` lead to from a value that a reader makes, as it was. */
const SHARED = [
	...Object.entries<object>({ Object, Array, String, Function, Map }),
	...Object.entries(PROTOTYPES).map(
		([name, { prototype }]) => [`${name}.prototype`, prototype as object] as const,
	),
].map(([name, owner]) => ({ name, owner, before: propertiesOf(owner) }));

function propertiesOf(owner: object): ReadonlyMap<PropertyKey, PropertyDescriptor> {
	const describe = (key: PropertyKey) => Reflect.getOwnPropertyDescriptor(owner, key) as PropertyDescriptor;
	return new Map(Reflect.ownKeys(owner).map((key) => [key, describe(key)]));
}

/**
 * What a target makes of an input.
 * @throws {Error} for a finding: an error of another type, one of several lines, a bug that an error admits, a change
 * to what all objects share, a result with a prototype from the input
 */
export async function outcomeOf(target: Target, input: Uint8Array): Promise<"read" | "refused"> {
	let outcome: { readonly result: unknown } | { readonly refusal: unknown };
	try {
		outcome = { result: await target.read(input) };
	} catch (refusal) {
		outcome = { refusal };
	}
	const changed = undoChanges();
	if (changed.length > 0) throw new Error(`the input changed ${changed.join(", ")}`);
	if ("result" in outcome) {
		checkPrototypes(outcome.result);
		return "read";
	}
	const { refusal } = outcome;
	if (!(refusal instanceof Error && target.refusals.some((kind) => refusal instanceof kind)))
		throw new Error(`an error that is no refusal: ${refusal instanceof Error ? refusal.stack : refusal}`);
	checkLine(refusal.message);
	return "refused";
}

/** Throws for a message that is empty, longer than people read, not one line, or about a bug of ours. */
export function checkLine(message: string): void {
	if (message.length < 5 || message.length > LONGEST_MESSAGE || /[\p{Cc}\u2028\u2029]/u.test(message))
		throw new Error(`a message that is not one line: ${JSON.stringify(message.slice(0, LONGEST_MESSAGE))}`);
	if (message.startsWith("internal:")) throw new Error(`a bug, not a refusal: ${message}`);
}

/** Puts back what was changed of {@link SHARED}, and says what it was. */
function undoChanges(): string[] {
	const changed: string[] = [];
	for (const { name, owner, before } of SHARED) {
		for (const [key, was] of before) {
			const is = Reflect.getOwnPropertyDescriptor(owner, key);
			if (is && is.value === was.value && is.get === was.get && is.set === was.set) continue;
			Reflect.defineProperty(owner, key, was);
			changed.push(`${name}.${String(key)}`);
		}
		for (const key of Reflect.ownKeys(owner)) {
			if (before.has(key)) continue;
			Reflect.deleteProperty(owner, key);
			changed.push(`${name}.${String(key)}`);
		}
	}
	return changed;
}

/**
 * Throws where plain data have an object whose prototype no class has made: a name of the input was assigned to, and the
 * object seems to have what nobody gave it.
 */
function checkPrototypes(result: unknown): void {
	const [seen, left] = [new Set<unknown>(), [result]];
	for (let value = left.pop(); value !== undefined || left.length > 0; value = left.pop()) {
		if (typeof value !== "object" || value === null || seen.has(value)) continue;
		seen.add(value);
		const prototype: unknown = Object.getPrototypeOf(value);
		if (!isOfClass(prototype)) throw new Error(`an object whose prototype is ${JSON.stringify(prototype)}`);
		if (value instanceof Map) for (const inner of value.values()) left.push(inner);
		else if (Array.isArray(value) || prototype === Object.prototype || prototype === null)
			for (const inner of Object.values(value)) left.push(inner);
	}
}

function isOfClass(prototype: unknown): boolean {
	if (prototype === null) return true;
	return (
		Object.hasOwn(prototype as object, "constructor") &&
		typeof (prototype as object).constructor === "function"
	);
}

/** Anything that JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What stands where something else should. */
const ODD: readonly Json[] = [null, true, -1, 0.5, 1e99, "", "x", "a\nb", [], [1], {}, { a: 1 }];

/** A value, and every value that differs from it in one place: replaced, left out, twice, with an unknown key beside it. */
export function* variations(value: Json, odd: readonly Json[] = ODD): Generator<Json> {
	yield value;
	yield* otherThan(value, odd);
}

function* otherThan(value: Json, odd: readonly Json[]): Generator<Json> {
	for (const other of odd) yield other;
	if (Array.isArray(value)) {
		for (const [i, item] of value.entries()) {
			yield value.toSpliced(i, 1);
			yield value.toSpliced(i, 0, item);
			for (const other of otherThan(item, odd)) yield value.toSpliced(i, 1, other);
		}
	} else if (typeof value === "object" && value !== null) {
		const entries = Object.entries(value);
		for (const [i, [key, item]] of entries.entries()) {
			yield Object.fromEntries(entries.toSpliced(i, 1));
			for (const other of otherThan(item, odd))
				yield Object.fromEntries(entries.toSpliced(i, 1, [key, other]));
		}
		for (const key of ["unknown", "__proto__", "constructor"])
			yield Object.fromEntries([...entries, [key, { polluted: 1 }]]);
	}
}

/** The same as texts of JSON, in bytes. */
export function* jsonVariations(value: Json, odd?: readonly Json[]): Generator<Uint8Array> {
	for (const one of variations(value, odd)) yield utf8(JSON.stringify(one));
}

export function utf8(text: string): Uint8Array {
	return new TextEncoder().encode(text);
}

/** The input as text: what is no UTF-8 becomes U+FFFD, as in every reader of files. */
export function textOf(input: Uint8Array): string {
	return new TextDecoder().decode(input);
}

import { type Intervention, InterventionError, parseInterventions } from "headscope";

/** A change that was left out, as the page gave it, and why. */
export interface Refused {
	readonly data: unknown;
	readonly why: string;
}

/**
 * Works with what fits of a list: changes that are no interventions, or that do not fit the model or the rows, are
 * left out one after the other and told, so that one of them does not take the others away.
 */
export async function withFitting<T>(
	given: readonly unknown[],
	work: (fitting: readonly Intervention[]) => Promise<T>,
): Promise<{ readonly result: T; readonly refused: readonly Refused[] }> {
	const refused: Refused[] = [];
	let fitting = given.flatMap((data) => {
		try {
			return parseInterventions([data]).map((parsed) => ({ data, parsed }));
		} catch (error) {
			refused.push({ data, why: placeOf(error)?.why ?? String(error) });
			return [];
		}
	});
	for (;;) {
		try {
			return { result: await work(fitting.map(({ parsed }) => parsed)), refused };
		} catch (error) {
			const place = placeOf(error);
			const bad = place && fitting[place.index];
			if (!bad) throw error;
			refused.push({ data: bad.data, why: place.why });
			fitting = fitting.filter((one) => one !== bad);
		}
	}
}

/** Which of a list an error is about, and what it says of it. */
function placeOf(error: unknown): { readonly index: number; readonly why: string } | undefined {
	if (!(error instanceof InterventionError)) return undefined;
	const [, index, why] = /^interventions\[(\d+)\]\.?:? ?(.*)$/s.exec(error.message) ?? [];
	return index === undefined || why === undefined ? undefined : { index: Number(index), why };
}

/** What is wrong with something that is taken by name is told at the first intervention that takes it. */
export function placedAtTaker(
	error: unknown,
	interventions: readonly Intervention[],
	field: "from" | "dictionary",
	name: string,
): Error {
	const taker = interventions.findIndex((one) => (one as Readonly<Record<string, unknown>>)[field] === name);
	const what = error instanceof Error ? error.message : String(error);
	return new InterventionError(`interventions[${taker}].${field}: ${name}: ${what}`);
}

import type { MetricResult } from "headscope/experiments";
import { carryOut } from "../carry-out.js";
import type { MethodContext } from "../method.js";
import type { Refused } from "../refused.js";

/** A metric as it was asked for, with what came of it. */
export interface Measured {
	readonly asked: unknown;
	/** Absent where the metric does not fit the rows or the model. */
	readonly result?: MetricResult;
	readonly problem?: string;
}

/** Metrics of an experiment, in its order. */
export interface Measurement {
	/** The experiment's text. */
	readonly of: string;
	readonly metrics: readonly Measured[];
	/** Interventions that were left out: the metrics are those of the others. */
	readonly refused: readonly Refused[];
}

/** What errors call the experiment, and the place in its text, which nobody here sees. */
const NAME = "measure";
const PLACE = /^measure:\d+:\d+: /;

/** The parts of an experiment that may be left out one by one. */
interface Draft {
	readonly interventions: unknown[];
	readonly metrics: unknown[];
	readonly donors?: Record<string, unknown>;
	readonly dictionaries?: Record<string, unknown>;
}

/**
 * Carries an experiment out. Metrics and interventions that do not fit are left out one after the other and told, so that
 * one of them does not take the others away.
 */
export async function measureAll(text: string, context: MethodContext<never>): Promise<Measurement> {
	const { metrics: asked = [], ...rest } = JSON.parse(text) as Partial<Draft>;
	const problems = new Map<unknown, string>();
	const refused: Refused[] = [];
	let found = new Map<unknown, MetricResult>();
	let draft: Draft = { ...rest, interventions: [...(rest.interventions ?? [])], metrics: [...asked] };
	while (draft.metrics.length > 0) {
		context.signal.throwIfAborted();
		try {
			const { metrics } = await carryOut(textOf(draft), NAME, context);
			found = new Map(draft.metrics.map((metric, i) => [metric, metrics[i] as MetricResult]));
			break;
		} catch (error) {
			const place = await placeOf(error, draft);
			if (!place) throw error;
			const { list, index, why } = place;
			if (list === "metrics") problems.set(draft.metrics[index], why);
			else refused.push({ data: draft.interventions[index], why });
			draft = { ...draft, [list]: draft[list].toSpliced(index, 1) };
		}
	}
	const metrics = asked.map((one) => measured(one, found.get(one), problems.get(one)));
	return { of: text, metrics, refused };
}

function measured(asked: unknown, result: MetricResult | undefined, problem: string | undefined): Measured {
	return { asked, ...(result && { result }), ...(problem !== undefined && { problem }) };
}

function textOf({ donors, dictionaries, interventions, ...rest }: Draft): string {
	// an experiment names nothing that nothing takes
	const used = <T>(field: "from" | "dictionary", named: Record<string, T> = {}): Record<string, T> =>
		Object.fromEntries(Object.entries(named).filter(([name]) => takerOf(interventions, field, name) >= 0));
	const parts = { donors: used("from", donors), dictionaries: used("dictionary", dictionaries) };
	return JSON.stringify({
		...rest,
		...Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0)),
		...(interventions.length > 0 && { interventions }),
	});
}

/** The first intervention that takes something by name; -1 where none does. */
function takerOf(interventions: readonly unknown[], field: "from" | "dictionary", name: string): number {
	return interventions.findIndex((one) => (one as Record<string, unknown> | null)?.[field] === name);
}

interface Place {
	readonly list: "metrics" | "interventions";
	readonly index: number;
	readonly why: string;
}

/** Which entry an error is about. What is wrong with a donor or an autoencoder is so with the first that takes it. */
async function placeOf(error: unknown, { interventions }: Draft): Promise<Place | undefined> {
	// with YAML's grammar, which is there by now
	const { ExperimentError } = await import("headscope/experiments");
	if (!(error instanceof ExperimentError)) return undefined;
	const what = error.message.replace(PLACE, "");
	const [list, part] = error.path ?? [];
	if ((list === "metrics" || list === "interventions") && typeof part === "number")
		return { list, index: part, why: withoutPrefix(what, `${list}[${part}]`) };
	const field = list === "donors" ? "from" : list === "dictionaries" ? "dictionary" : undefined;
	const taker = field && typeof part === "string" ? takerOf(interventions, field, part) : -1;
	return taker < 0 ? undefined : { list: "interventions", index: taker, why: what };
}

/** What is told at an entry need not begin with it: "metrics[0].positions: ..." is "positions: ..." there. */
function withoutPrefix(what: string, prefix: string): string {
	return what.startsWith(prefix) ? what.slice(prefix.length).replace(/^(?:\.|: )/, "") : what;
}

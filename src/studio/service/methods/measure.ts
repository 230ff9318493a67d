import type { MetricResult } from "headscope/experiments";
import * as z from "zod/mini";
import { carryOut } from "../carry-out.js";
import { defineMethod } from "../method.js";

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
}

/** The parts of an experiment that may be left out one by one. */
interface Draft {
	readonly interventions: unknown[];
	readonly metrics: unknown[];
	readonly donors?: Record<string, unknown>;
}

export const measure = defineMethod({
	doc: "carries out an experiment, JSON; metrics that do not fit are told one by one, and the others measured",
	params: z.strictObject({ text: z.string() }),
	run: async ({ text }, context): Promise<Measurement> => {
		const { metrics: asked = [], ...rest } = JSON.parse(text) as Partial<Draft>;
		const problems = new Map<unknown, string>();
		let draft: Draft = { ...rest, interventions: [...(rest.interventions ?? [])], metrics: [...asked] };
		while (draft.metrics.length > 0) {
			context.signal.throwIfAborted();
			try {
				const { metrics } = await carryOut(textOf(draft), "measure", context);
				const found = new Map(draft.metrics.map((metric, i) => [metric, metrics[i] as MetricResult]));
				return { of: text, metrics: asked.map((one) => measured(one, found.get(one), problems.get(one))) };
			} catch (error) {
				const place = placeOf(error);
				if (!place) throw error;
				const { list, index, why } = place;
				if (list === "metrics") problems.set(draft.metrics[index], why);
				draft = { ...draft, [list]: draft[list].toSpliced(index, 1) };
			}
		}
		return { of: text, metrics: asked.map((one) => measured(one, undefined, problems.get(one))) };
	},
});

function measured(asked: unknown, result: MetricResult | undefined, problem: string | undefined): Measured {
	return { asked, ...(result && { result }), ...(problem !== undefined && { problem }) };
}

function textOf({ donors = {}, interventions, ...rest }: Draft): string {
	// an experiment has no donors that nothing takes
	const taken = new Set(interventions.map((one) => (one as { from?: unknown } | null)?.from));
	const used = Object.entries(donors).filter(([name]) => taken.has(name));
	return JSON.stringify({
		...rest,
		...(used.length > 0 && { donors: Object.fromEntries(used) }),
		...(interventions.length > 0 && { interventions }),
	});
}

/** Which entry an error is about. */
function placeOf(
	error: unknown,
): { readonly list: "metrics" | "interventions"; readonly index: number; readonly why: string } | undefined {
	const message = error instanceof Error ? error.message : "";
	const [, list, index, why] = /\b(metrics|interventions)\[(\d+)\]\.?:? ?(.*)$/s.exec(message) ?? [];
	return list === undefined || why === undefined
		? undefined
		: { list: list as "metrics", index: Number(index), why };
}

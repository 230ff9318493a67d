import type { Field, KindForm } from "../../../service/fields.js";
import type { PromptLook } from "../../../service/methods/look.js";
import { EXPERIMENT, experimentPart } from "../../scene/experiment-part.js";
import type { Studio } from "../../studio.js";

/** A metric as experiments have it. */
export type MetricGiven = string | Readonly<Record<string, unknown>>;

/** Replaces the scene's metrics, or the rows that they are measured on. */
export function setMetrics(
	studio: Studio,
	next: { readonly metrics?: readonly unknown[]; readonly samples?: object | undefined },
	kind: string,
): void {
	const scene = studio.scene.peek();
	const { rows, ...part } = experimentPart(scene);
	const given =
		"samples" in next
			? next.samples && { beside: [...scene.prompts], given: { samples: next.samples } }
			: rows;
	const metrics = next.metrics ?? part.metrics;
	const experiment = { ...part, metrics: [...metrics], ...(given && { rows: given }) };
	studio.edit({ views: { ...scene.views, [EXPERIMENT]: experiment } }, kind);
}

/** A metric as data; a short spelling that says more than a kind has none. */
export function metricData(
	metric: MetricGiven,
	kinds: readonly KindForm[],
): Record<string, unknown> | undefined {
	if (typeof metric !== "string") return { ...metric };
	return kinds.some(({ kind }) => kind === metric) ? { kind: metric } : undefined;
}

/** What a metric is called: "log-probability: answers king". */
export function metricTitle(metric: MetricGiven, looks: readonly PromptLook[]): string {
	if (typeof metric === "string") return metric;
	const names = new Map(looks.flatMap(({ next }) => next.map(({ id, shown }) => [id, shown] as const)));
	const { kind, ...settings } = metric;
	const shown = (value: unknown): string => {
		if (Array.isArray(value)) return value.map(shown).join(" ");
		return typeof value === "number" ? (names.get(value) ?? String(value)) : String(value);
	};
	const parts = Object.entries(settings).map(([name, value]) =>
		name === "answers" || name === "wrong"
			? `${name} ${shown(value)}`
			: `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`,
	);
	return [String(kind), parts.join(", ")].filter((part) => part !== "").join(": ");
}

/** A metric of a kind about the prompts as they are: answers are the clean model's best tokens. */
export function newMetric(
	{ kind, fields }: KindForm,
	looks: readonly PromptLook[],
	head: string,
): MetricGiven {
	const best = (place: number): unknown => {
		const ids = looks.map(({ next }) => next[place]?.id ?? 0);
		return ids.length === 1 ? ids[0] : ids;
	};
	const first: Record<string, unknown> = {
		answers: best(0),
		wrong: best(1),
		score: "induction",
		head,
	};
	const asked = fields.filter((field: Field) => field.required || field.name === "answers");
	if (asked.length === 0) return kind;
	return { kind, ...Object.fromEntries(asked.map(({ name }) => [name, first[name] ?? 0])) };
}

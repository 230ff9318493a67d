import type * as z from "zod/mini";
import { findKind, parseKind, shown } from "../shared/data-kinds.js";
import { reject } from "./errors.js";
import { evaluator } from "./evaluator.js";
import { headScore } from "./head-score.js";
import { inContextScore } from "./in-context-score.js";
import { inductionLoss } from "./induction-loss.js";
import { klDivergence } from "./kl-divergence.js";
import { logProbability } from "./log-probability.js";
import { logitDifference } from "./logit-difference.js";
import { loss } from "./loss.js";
import type { MetricKind } from "./metric.js";
import { rank } from "./rank.js";
import { totalVariation } from "./total-variation.js";

const KINDS = [
	loss,
	inductionLoss,
	inContextScore,
	logitDifference,
	logProbability,
	rank,
	klDivergence,
	totalVariation,
	headScore,
	evaluator,
] as const;

/** Every kind of metric: a new one is a file and a line here. The conformance suite loops over this list. */
export const METRICS: readonly MetricKind[] = KINDS as unknown as readonly MetricKind[];

/** A metric as plain data. */
export type MetricData = z.input<(typeof KINDS)[number]["schema"]>;

/**
 * Checks a metric of unknown origin: data, or the short spelling `kind`, `kind:mode`, `kind@place`.
 * @param where what errors call it
 * @throws {MetricError} for what is no metric; it says what was found and what is allowed
 */
export function parseMetric(given: unknown, where = "metric"): MetricData {
	const data = typeof given === "string" ? fromText(given, where) : given;
	if (typeof data !== "object" || data === null || Array.isArray(data)) {
		reject(where, `got ${shown(given)}, allowed a name such as "loss", or data such as {"kind":"loss"}`);
	}
	const { kind } = data as { kind?: unknown };
	if (kind === undefined) {
		// `- loss@5:` is a mapping
		const hint = Object.values(data).includes(null) ? '; in YAML a text that ends in ":" needs quotes' : "";
		reject(where, `got ${shown(data)}, which has no "kind"${hint}`);
	}
	const parsed = parseKind(kindOf(kind, `${where}.kind`), data);
	if (!("fault" in parsed)) return parsed.data as MetricData;
	const { path, what, missing } = parsed.fault;
	if (missing !== undefined) reject(where, `needs ${missing}`);
	reject(`${where}${path}`, what);
}

/** The record of a metric's kind. @throws {MetricError} that names the kinds there are */
export function kindOf(kind: unknown, where: string): MetricKind {
	return findKind(METRICS, kind, (got, allowed) => reject(where, `no metric ${got}, allowed ${allowed}`));
}

function fromText(text: string, where: string): unknown {
	const [, name, mode, place] = /^([^:@]+)(?::([^@]*))?(?:@(.*))?$/.exec(text.trim()) ?? [];
	const other = name === undefined ? undefined : evaluator.fromText(mode, place, name);
	if (other !== undefined) return other;
	const kind = kindOf(name ?? text, where);
	const data = kind.fromText(mode, place, kind.kind);
	if (data === undefined)
		reject(where, `"${text}" does not say enough${lacking(kind)}: ${kind.kind} is ${kind.doc}`);
	return data;
}

/** What data of a kind must have beside it. */
function lacking({ schema }: MetricKind): string {
	const fields = Object.entries((schema as z.ZodMiniObject).shape as Record<string, z.ZodMiniType>);
	const needed = fields.filter(([key, field]) => key !== "kind" && !field.safeParse(undefined).success);
	return needed.length === 0 ? "" : `, it needs ${needed.map(([key]) => key).join(" and ")}`;
}

import * as z from "zod/mini";

/** How heads are ablated, and what that is called. */
export const ABLATIONS = {
	zero: "zero: the head writes nothing",
	mean: "mean over rows and positions",
	resample: "resample: another row's",
	"frozen-patterns": "zero, later patterns frozen",
} as const;

/** What a sweep goes by; losses alone for random rows, which have no one answer. */
export const METRICS = {
	"log-probability": "log-probability of a token",
	"logit-difference": "logit difference of two tokens",
	loss: "loss of all tokens",
	"induction-loss": "loss on the second copies",
} as const;

/** What can be patched. */
export const POINTS = {
	resid_pre: "residual stream before each layer",
	resid_mid: "residual stream between attention and MLP",
	attn_out: "attention outputs",
	mlp_out: "MLP outputs",
	z: "heads: z, what they write",
	q: "heads: queries",
	k: "heads: keys",
	v: "heads: values",
	pattern: "heads: patterns",
} as const;

export type Ablation = keyof typeof ABLATIONS;
export type Metric = keyof typeof METRICS;
export type Point = keyof typeof POINTS;

const keys = <K extends string>(of: Readonly<Record<K, string>>): K[] => Object.keys(of) as K[];
const answer = z.string().check(z.maxLength(200));
const count = z.int().check(z.minimum(1), z.maximum(4096));

/** What the view keeps in the scene. */
export const sweepsState = z.object({
	sweep: z.enum(["heads", "patch"]),
	/** Whether the sweep runs, and follows what it is made of. */
	live: z.boolean(),
	kind: z.enum(keys(ABLATIONS)),
	metric: z.enum(keys(METRICS)),
	/** Rows of the ablations: the prompts, or random segments said twice. */
	rows: z.enum(["prompts", "repeat"]),
	samples: count,
	seed: z.int().check(z.nonnegative(), z.maximum(2 ** 31)),
	/** Whether heads are ablated on top of the changes that are on. */
	onTop: z.boolean(),
	answers: answer,
	wrong: answer,
	/** What is patched, by what metric, and of heads where; null for all positions at once. */
	point: z.enum(keys(POINTS)),
	patchMetric: z.enum(["logit-difference", "log-probability"]),
	position: z.nullable(z.int().check(z.nonnegative())),
});
export type SweepsState = z.output<typeof sweepsState>;

export const FIRST_SWEEPS: SweepsState = {
	sweep: "heads",
	live: false,
	kind: "zero",
	metric: "log-probability",
	rows: "prompts",
	samples: 16,
	seed: 0,
	onTop: false,
	answers: "",
	wrong: "",
	point: "resid_pre",
	patchMetric: "logit-difference",
	position: null,
};

/** The metric that the ablations go by: random rows have losses only. */
export function metricFor({ rows, metric }: SweepsState): Metric {
	const isLoss = metric === "loss" || metric === "induction-loss";
	if (rows === "repeat") return isLoss ? metric : "loss";
	return metric === "induction-loss" ? "loss" : metric;
}

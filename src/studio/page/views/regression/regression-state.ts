import type { Intervention } from "headscope";
import * as z from "zod/mini";
import type { ParamsOf } from "../../../service/registry.js";
import type { RegressionLook } from "../../../service/regression/look-at-run.js";
import { MOST_DRAWN } from "../../parts/changes/drawing.js";

/** What a head can do instead of its own, by name: nothing, or attend in a hand-made way. */
export const HEAD_CHANGES = [
	"zero",
	"previous-token",
	"self-pair",
	"uniform",
	"first-token",
	"identity",
	"induction",
] as const;
/** One of them. */
export type NamedChange = (typeof HEAD_CHANGES)[number];

const drawn = z.strictObject({
	/** [query][key] */
	pattern: z
		.array(z.array(z.number().check(z.minimum(0), z.maximum(1e6))).check(z.maxLength(MOST_DRAWN)))
		.check(z.maxLength(MOST_DRAWN)),
	/** Whether rows are scaled to sum to 1. */
	normalize: z.boolean(),
});

/** What a head does instead of its own: something with a name, or a pattern drawn by hand. */
export type HeadChange = NamedChange | z.output<typeof drawn>;

const numbers = z.array(z.number().check(z.minimum(-1e6), z.maximum(1e6)));

/** What of this view is in the address. */
export const regressionSchema = z.object({
	/** "M=64" */
	run: z.string().check(z.maxLength(40)),
	/** Of the checkpoint; null for the last one. */
	step: z.nullable(z.int().check(z.nonnegative())),
	probe: z.enum(["basis", "random", "edited"]),
	seed: z.int().check(z.minimum(0), z.maximum(2 ** 32 - 1)),
	/** Where random sequences' tasks come from. */
	tasks: z.enum(["pretrain", "true"]),
	/** The sequence that is shown. */
	sample: z.int().check(z.minimum(0), z.maximum(15)),
	/** Edited by hand: [example][coordinate], and a y for each example. */
	xs: z.array(numbers).check(z.maxLength(64)),
	ys: numbers.check(z.maxLength(64)),
	/** The head shown large. */
	head: z.string().check(z.regex(/^\d+\.\d+$/)),
	/** Changed heads by name. */
	changes: z.record(z.string().check(z.regex(/^\d+\.\d+$/)), z.union([z.enum(HEAD_CHANGES), drawn])),
	/** The activation that is shown. */
	location: z.string().check(z.maxLength(200)),
});

/** What of this view is in the address. */
export type RegressionState = z.output<typeof regressionSchema>;

/** The run of the notebook on inputs along the axes. */
export const FIRST_STATE: RegressionState = {
	run: "M=64",
	step: null,
	probe: "basis",
	seed: 0,
	tasks: "pretrain",
	sample: 0,
	xs: [],
	ys: [],
	head: "0.1",
	changes: {},
	location: "token_sequence_transformer.blocks.0.attention.attention",
};

/** Sequences of a random probe. */
const RANDOM_SEQUENCES = 4;

/** Changes a part of the state; edits with a kind can be undone. */
export type ChangeState = (next: Partial<RegressionState>, kind?: string) => void;

/** The changed heads as interventions. */
export function interventionsOf(changes: RegressionState["changes"]): Intervention[] {
	return Object.entries(changes).map(([head, change]) => {
		const heads = [head];
		if (change === "zero") return { kind: "zero", heads };
		const replaced = { kind: "replace-pattern", heads } as const;
		return typeof change === "string" ? { ...replaced, pattern: change } : { ...replaced, ...change };
	});
}

/** What a change is called. */
export function changeName(change: HeadChange): string {
	if (change === "zero") return "zero-ablated";
	return typeof change === "string" ? change : "drawn by hand";
}

/** What the engine is asked for. */
export function requestOf(state: RegressionState): ParamsOf<"regressionLook"> {
	const { run, step, changes } = state;
	return {
		run,
		...(step !== null && { step }),
		interventions: interventionsOf(changes),
		probe: probeOf(state),
	};
}

function probeOf({ probe, seed, tasks, xs, ys }: RegressionState): ParamsOf<"regressionLook">["probe"] {
	// an address may say "edited" and bring no numbers
	if (probe === "edited" && xs.length > 0) return { kind: "edited", xs, ys };
	if (probe === "random") return { kind: "random", seed, tasks, count: RANDOM_SEQUENCES };
	return { kind: "basis", seed };
}

/** One sequence of a look as lists of numbers. */
export function sequenceOf(
	{ xs, ys }: Pick<RegressionLook, "xs" | "ys">,
	sample: number,
): {
	readonly xs: number[][];
	readonly ys: number[];
} {
	const [, examples = 0] = xs.shape;
	const [x, y] = [xs.select(sample), ys.select(sample)];
	return {
		xs: Array.from({ length: examples }, (_, k) => Array.from(x.select(k).data)),
		ys: Array.from(y.data),
	};
}

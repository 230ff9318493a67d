import { concat, constant, expand, softmax, split } from "../graph/ops/index.js";
import type { ModuleFn } from "../graph/trace.js";
import { namedPattern, type PatternName, type PatternRows } from "../interventions/index.js";
import { cutPattern } from "../interventions/pattern-matrix.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";

/** A pattern for a head: its name, or a matrix [query][key] that is cut to the run's length. */
export type HeadPattern = Exclude<PatternName, "induction"> | PatternRows | Tensor;

/** A softmax whose head `i` attends as `output` says, whatever the scores are. */
export function setHeadTo(i: number, output: HeadPattern): ModuleFn {
	return setHeadsTo({ [i]: output });
}

/**
 * A softmax over [batch, head, query, key] with other patterns for some heads: `setHeadsTo({ 1: "self-pair" })`.
 * For `set` of a module that computes patterns; elsewhere it needs a run with `concrete`.
 * @throws {PatchError} when it runs, for heads that there are not; {InterventionError} for matrices that do not suit
 */
export function setHeadsTo(outputs: Readonly<Record<number, HeadPattern>>): ModuleFn {
	return (scores) => {
		if (!scores) reject("setHeadsTo", "the module has no input");
		const [, heads, length] = scores.shape;
		if (typeof heads !== "number" || typeof length !== "number")
			reject("setHeadsTo", `needs extents that are numbers, got ${scores}; run with concrete: true`);
		const unknown = Object.keys(outputs).find(
			(head) => !(Number.isInteger(Number(head)) && Number(head) >= 0 && Number(head) < heads),
		);
		if (unknown !== undefined) reject("setHeadsTo", `no head ${unknown}, allowed 0..${heads - 1}`);
		const patterns = split(softmax(scores), 1, Array<number>(heads).fill(1));
		const changed = patterns.map((own, head) => {
			const output = outputs[head];
			return output === undefined ? own : expand(constant(matrixOf(output, length, head)), own.shape);
		});
		return concat(changed, 1);
	};
}

function matrixOf(output: HeadPattern, length: number, head: number): Tensor {
	if (typeof output === "string") return namedPattern(output, length);
	const rows = output instanceof Tensor ? (output.toNested() as number[][]) : output;
	return cutPattern(rows, length, undefined, `setHeadsTo: head ${head}`);
}

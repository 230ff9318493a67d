import type { Value } from "../../graph/value.js";
import { actName } from "../../hooks/points.js";
import { FEEDS, traceModel } from "../../models/trace-model.js";
import { difference, sizeOf, Tensor } from "../../tensor/index.js";
import { type Check, type Deviation, doesNotApply, judge, type Outcome } from "../check.js";
import { allowedFor, SHORTEST, type Subject } from "../subject.js";

/**
 * Rounding of a rotary angle in float32 is up to 2^-24 of the position, in queries and in keys, and what it does to a
 * score adds up over the channels: 2^-21 for each position and unit of the scores' size.
 */
const PER_POSITION = 2 ** -21;

/** Where a model rotates queries and keys, a row moved to later positions has the same scores in every layer. */
export const rotation: Check = {
	name: "rotation",
	doc: "where queries and keys are rotated, scores depend on the distance alone, up to the end of the context",
	sees: "rotations of queries or keys alone, of unlike kinds, or broken at long positions",
	positions: SHORTEST,

	async run(subject): Promise<Outcome> {
		const { model } = subject;
		const [row] = subject.rows;
		const { nLayers, nCtx } = model.config;
		const known = new Set(model.hookPoints().map(({ name }) => name));
		const layers = Array.from({ length: nLayers }, (_, l) => l).filter(
			(l) => known.has(actName("rot_q", l)) && known.has(actName("attn_scores", l)),
		);
		if (layers.length === 0) return doesNotApply("the model does not rotate queries and keys");
		const last = nCtx - row.length;
		if (last < 1) return doesNotApply(`the context has ${nCtx} positions`);
		const shifts = [...new Set([0, 1, Math.floor(last / 2), last])];
		const deviations: Deviation[] = [];
		for (const layer of layers) deviations.push(...(await movedScores(subject, layer, shifts)));
		return judge(deviations);
	},
};

/** What moving the row does to a layer's scores. Each layer gets the stream of the row where it stands, so that nothing adds up. */
async function movedScores(subject: Subject, layer: number, shifts: readonly number[]): Promise<Deviation[]> {
	const { model, rows, signal } = subject;
	const [row] = rows;
	const stream = actName("resid_pre", layer);
	const options = { ...(signal && { signal }) };
	const { cache } = await model.runWithCache([row], { ...options, names: stream, logits: false });
	const before = cache.get(stream);
	const [batch, pos] = [shifts.length, row.length];
	const feeds = {
		[FEEDS.residual]: repeated(before, batch),
		[FEEDS.positions]: new Tensor(
			"int32",
			[batch, pos],
			Int32Array.from(shifts.flatMap((shift) => row.map((_, p) => shift + p))),
		),
		[FEEDS.mask]: Tensor.full([batch, pos], 1, "bool"),
	};
	const point = actName("attn_scores", layer);
	const range = { startAtLayer: layer, stopAtLayer: layer + 1, padded: true };
	const scores = (): Record<string, Value> => {
		const { trace } = traceModel(model.family, model.config, range);
		return { scores: trace.values.get(point) as Value };
	};
	const found = (await model.compute(scores, feeds, options)).get("scores") as Tensor;
	const plain = found.select(0);
	return shifts.slice(1).map((shift, i) => {
		const { maxAbs, scale } = difference(found.select(i + 1), plain);
		return {
			what: `scores of layer ${layer}, moved by ${shift} positions`,
			measured: maxAbs,
			allowed: allowedFor(subject, scale) + shift * PER_POSITION * scale,
			place: `layer ${layer} attention`,
		};
	});
}

/** x [1, pos, d_model] once for each row of a batch. */
function repeated(x: Tensor<"float32">, batch: number): Tensor<"float32"> {
	const shape = x.shape.with(0, batch);
	const data = new Float32Array(sizeOf(shape));
	for (let row = 0; row < batch; row++) data.set(x.data, row * x.size);
	return new Tensor("float32", shape, data);
}

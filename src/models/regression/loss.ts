import { concat, constant, expand, input, mean, mul, reshape, split, sub } from "../../graph/ops/index.js";
import { Trace } from "../../graph/trace.js";
import type { Value } from "../../graph/value.js";
import { Tensor } from "../../tensor/index.js";
import type { RegressionConfig } from "./config.js";
import { regression, regressionBlock } from "./family.js";

/** Feeds of the loss: xs [batch, example, task_size] and ys [batch, example, 1]. */
export const LOSS_FEEDS = { xs: "xs", ys: "ys" } as const;

/**
 * Mean squared error of the predicted ys over batch and examples, as a graph of concrete extents.
 *
 * Only the tokens of the xs predict, so the last block computes only their rows; the tokens of the ys are
 * keys and values there. That changes no number but by rounding, and saves half of a block.
 */
export function regressionLoss(config: RegressionConfig, batch: number, examples: number): Value {
	const { taskSize, nLayers } = config;
	const xs = input(LOSS_FEEDS.xs, "float32", [batch, examples, taskSize]);
	const ys = input(LOSS_FEEDS.ys, "float32", [batch, examples, 1]);
	const zeros = (width: number): Value => expand(constant(0), [batch, examples, width]);
	const pairs = concat([zeros(1), xs, ys, zeros(taskSize)], -1); // the two tokens of an example side by side
	const length = 2 * examples;
	const inputs = {
		tokens: reshape(pairs, [batch, length, taskSize + 1]),
		positions: constant(
			new Tensor(
				"int32",
				[length],
				Int32Array.from({ length }, (_, i) => i),
			),
		),
		mask: constant(causal(length)),
		padded: false,
	};
	const t = new Trace();
	let resid = regression.embed(t, config, inputs);
	for (let layer = 0; layer < nLayers; layer++) {
		const last = layer === nLayers - 1;
		resid = regressionBlock(t, config, layer, resid, inputs, last ? everySecond : undefined);
	}
	const output = regression.unembed(t, config, resid); // [batch, example, task_size + 1]
	const [predicted] = split(output, -1, [1, taskSize]) as [Value, Value];
	const error = sub(predicted, ys);
	return mean(mul(error, error), [0, 1, 2], { keepDims: false });
}

/** The even positions, which are those of the xs. */
function everySecond(x: Value, axis: number): Value {
	const at = axis < 0 ? axis + x.rank : axis;
	const shape = x.shape as readonly number[];
	const half = (shape[at] as number) / 2;
	const pairs = reshape(x, [...shape.slice(0, at), half, 2, ...shape.slice(at + 1)]);
	const [even] = split(pairs, at + 1, [1, 1]) as [Value, Value];
	return reshape(even, shape.with(at, half));
}

/** Whether a key is not later than the query: [query, key]. */
function causal(length: number): Tensor<"bool"> {
	const mask = Tensor.zeros([length, length], "bool");
	for (let query = 0; query < length; query++) mask.data.fill(1, query * length, query * length + query + 1);
	return mask;
}

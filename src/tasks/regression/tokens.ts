import { Tensor } from "../../tensor/index.js";
import { TaskError } from "../samples.js";
import { batchShape } from "./check.js";

/**
 * Sequences as tokens x_0, y_0, x_1, y_1, ...: float32 [batch, 2 examples, task_size + 1]. Slot 0 of a token
 * is for y and the others for x, so the token of x is (0, x) and that of y is (y, 0, ..., 0).
 * @throws {TaskError} unless xs is [batch, example, task_size] and ys [batch, example, 1].
 */
export function encodeTokens(xs: Tensor, ys: Tensor): Tensor<"float32"> {
	const { batch, examples, taskSize } = batchShape("encodeTokens", xs, ys);
	const width = taskSize + 1;
	const tokens = Tensor.zeros([batch, 2 * examples, width]);
	for (let i = 0; i < batch * examples; i++) {
		for (let d = 0; d < taskSize; d++) {
			tokens.data[2 * i * width + 1 + d] = Number(xs.data[i * taskSize + d]);
		}
		tokens.data[(2 * i + 1) * width] = Number(ys.data[i]);
	}
	return tokens;
}

/** What figures call the token at a place in x_0, y_0, x_1, y_1, ...: `x0`, `y0`, `x1`, ... */
export function tokenName(position: number): string {
	return `${position % 2 === 0 ? "x" : "y"}${Math.floor(position / 2)}`;
}

/** Names of the first tokens of a sequence, see {@link tokenName}. */
export function tokenNames(count: number): string[] {
	return Array.from({ length: count }, (_, position) => tokenName(position));
}

/** The sequences that tokens stand for, the inverse of `encodeTokens`. @throws {TaskError} for another shape. */
export function decodeTokens(tokens: Tensor): { xs: Tensor<"float32">; ys: Tensor<"float32"> } {
	return { xs: slots(tokens, 0, "x"), ys: slots(tokens, 1, "y") };
}

/**
 * What a model's output [batch, 2 examples, task_size + 1] predicts. The prediction of y_k stands in slot 0 at
 * the token of x_k: [batch, example, 1]. That of the next x stands in the other slots at the token of y_k:
 * [batch, example, task_size]; training does not use it.
 * @throws {TaskError} for another shape.
 */
export function decodePredictions(output: Tensor): { ys: Tensor<"float32">; xs: Tensor<"float32"> } {
	return { ys: slots(output, 0, "y"), xs: slots(output, 1, "x") };
}

/** The x or y slots of every second token, from token `first` on. */
function slots(tokens: Tensor, first: 0 | 1, kind: "x" | "y"): Tensor<"float32"> {
	const [batch, length, width] = tokens.shape;
	if (tokens.shape.length !== 3 || batch === undefined || !length || length % 2 || !width || width < 2) {
		throw new TaskError(
			`tokens: shape [${tokens.shape.join(", ")}], allowed [batch, 2 examples, task_size + 1]`,
		);
	}
	const examples = length / 2;
	const [from, size] = kind === "y" ? [0, 1] : [1, width - 1];
	const out = Tensor.zeros([batch, examples, size]);
	for (let i = 0; i < batch * examples; i++) {
		const token = (2 * i + first) * width + from;
		for (let d = 0; d < size; d++) out.data[i * size + d] = Number(tokens.data[token + d]);
	}
	return out;
}

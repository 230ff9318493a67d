import type { Op } from "../op.js";
import * as arithmetic from "./arithmetic.js";
import * as blocks from "./blocks.js";
import * as compare from "./compare.js";
import * as gathering from "./gather.js";
import * as joining from "./join.js";
import * as leaf from "./leaf.js";
import * as matmuls from "./matmul.js";
import * as movement from "./movement.js";
import * as normalizing from "./normalize.js";
import * as reducing from "./reduce.js";
import * as scanning from "./scan.js";
import * as selecting from "./select.js";
import * as softmaxes from "./softmax.js";
import * as topKs from "./top-k.js";
import * as unary from "./unary.js";

export { add, div, maximum, minimum, mul, sub } from "./arithmetic.js";
export { matmulBlocks } from "./blocks.js";
export { and, equal, greater, greaterEqual, less, lessEqual, not, or } from "./compare.js";
export { gather, scatterAddAlong, scatterAddRows, takeAlong } from "./gather.js";
export { concat, slice, split } from "./join.js";
export { constant, input, weight } from "./leaf.js";
export { type MatmulOptions, matmul } from "./matmul.js";
export { expand, reshape, transpose, unsqueeze } from "./movement.js";
export { layerNormalize, type Normalized, rmsNormalize } from "./normalize.js";
export { max, mean, sum } from "./reduce.js";
export { argmax, type CumsumOptions, cumsum } from "./scan.js";
export { cast, where } from "./select.js";
export { logSoftmax, softmax } from "./softmax.js";
export { topK } from "./top-k.js";
export {
	abs,
	cos,
	erf,
	exp,
	gelu,
	geluTanh,
	log,
	neg,
	relu,
	sigmoid,
	sign,
	silu,
	sin,
	sqrt,
	tanh,
} from "./unary.js";

/** Every op there is. The conformance suite and the provider tests loop over this list. */
export const OPS: readonly Op[] = [
	leaf,
	arithmetic,
	unary,
	compare,
	selecting,
	reducing,
	scanning,
	softmaxes,
	movement,
	joining,
	gathering,
	matmuls,
	blocks,
	normalizing,
	topKs,
].flatMap((family) => family.ops as readonly unknown[] as readonly Op[]);

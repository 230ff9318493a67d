export { allclose, type Difference, difference } from "./allclose.js";
export type { Axis } from "./axes.js";
export {
	type BlockForm,
	type BlockParts,
	type PartType,
	partTypes,
	unpackBlocks,
} from "./blocks.js";
export { allocate, bytesPerElement, type Data, type DataOf, DTYPES, type DType, viewOf } from "./dtype.js";
export { Random } from "./random.js";
export { forEachIndex, type Nested, setAt, sizeOf, stridesOf, Tensor } from "./tensor.js";

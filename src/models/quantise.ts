import type { Provider } from "../graph/op.js";
import type { WeightsMode } from "../runtime/index.js";
import { type BlockForm, bytesPerElement, type PartType, partTypes, sizeOf } from "../tensor/index.js";
import type { Checkpoint, TensorSpec, WeightsSpec } from "../weights/index.js";
import { ModelError } from "./family.js";

/** How weights can be held; see `LoadModelOptions.weights`. */
export type HoldWeights = WeightsMode | "quantised";
export const HOLD_WEIGHTS: readonly HoldWeights[] = ["bound", "mapped", "quantised"];

/** Above so many parameters a GGUF file's matrices stay quantised where nothing else is asked for. */
const MANY = 1e9;

/** Providers whose runtime has the product with blocks. */
const ABLE: readonly Provider[] = ["cpu", "wasm"];

/**
 * The weights of a checkpoint with those marked that are held as the file's own blocks: every matrix of a block type,
 * unless it is transposed while it is loaded.
 * @param how as a caller asks for it; undefined leaves it to the file's size and the provider
 * @throws {ModelError} for another way, and where "quantised" is asked for and cannot be had
 */
export async function quantise(
	spec: WeightsSpec,
	{ format, origin, entries }: Checkpoint,
	how: HoldWeights | undefined,
	provider: Provider,
): Promise<WeightsSpec> {
	if (how !== undefined && !HOLD_WEIGHTS.includes(how)) {
		throw new ModelError(`weights: got ${JSON.stringify(how)}, allowed ${HOLD_WEIGHTS.join(", ")}`);
	}
	const able = ABLE.includes(provider);
	const many = format === "gguf" && able && parametersOf(spec) > MANY;
	if (how !== "quantised" && (how !== undefined || !many)) return spec;
	if (!able) refuse(origin, `needs provider ${ABLE.join(" or ")}, got "${provider}"`);
	const held = await inBlocks(spec, entries);
	if (how === "quantised" && formsOf(held).size === 0) {
		const got = [...new Set(spec.tensors.map(({ entry }) => entries.get(entry)?.dtype))].join(", ");
		refuse(origin, `needs matrices of block types of GGUF (Q4_0, Q4_K, ...), got ${got}`);
	}
	return held;
}

/** The weights with every matrix marked that can be held as blocks. */
export async function inBlocks(spec: WeightsSpec, entries: Checkpoint["entries"]): Promise<WeightsSpec> {
	// a page that reads no GGUF file does without
	const { blockFormOf } = await import("../weights/hold-blocks.js");
	const tensors = spec.tensors.map((tensor): TensorSpec => {
		const kept = tensor.shape.length === 2 && tensor.transform?.kind !== "transpose";
		const form = kept ? blockFormOf(entries.get(tensor.entry)?.dtype ?? "") : undefined;
		return form ? { ...tensor, blocks: form } : tensor;
	});
	return { ...spec, tensors };
}

/** The weights that are held as blocks, by name. */
export function formsOf({ tensors }: WeightsSpec): ReadonlyMap<string, BlockForm> {
	return new Map(tensors.flatMap(({ name, blocks }) => (blocks ? [[name, blocks]] : [])));
}

/** Numbers that the weights hold. */
export function parametersOf({ tensors }: WeightsSpec): number {
	return tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Bytes of memory that the weights take as they are marked. */
export function bytesHeld({ tensors }: WeightsSpec): number {
	const parts = tensors.flatMap(({ name, shape, blocks }): Omit<PartType, "name">[] =>
		blocks ? Object.values(partTypes(name, blocks, shape)) : [{ dtype: "float32", shape }],
	);
	return parts.reduce((sum, { dtype, shape }) => sum + bytesPerElement(dtype) * sizeOf(shape), 0);
}

function refuse(origin: string, why: string): never {
	throw new ModelError(`${origin}: weights: "quantised" ${why}`);
}

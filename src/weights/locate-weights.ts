import { quote, WeightsError } from "./errors.js";
import { openSource } from "./open-source.js";
import { readTensorFile } from "./tensor-file.js";
import type { WeightsSpec } from "./weights-spec.js";

/** Where a float32 tensor lies on disk, as it is computed with. */
export interface WeightPlace {
	readonly path: string;
	/** First byte, and length in bytes. */
	readonly offset: number;
	readonly length: number;
	readonly shape: readonly number[];
}

/**
 * Places of weights that can be used where they lie, without being read: float32 in local safetensors
 * files, in the model's own order.
 * @throws {WeightsError} naming the first tensor that has to be converted and so cannot be mapped.
 */
export async function locateWeights(spec: WeightsSpec): Promise<Map<string, WeightPlace>> {
	const places = new Map<string, WeightPlace>();
	for (const [index, ref] of spec.files.entries()) {
		const source = openSource(ref);
		try {
			const { entries } = await readTensorFile(source);
			for (const tensor of spec.tensors) {
				if (tensor.file !== index) continue;
				const entry = entries.get(tensor.entry);
				if (!("path" in ref) || entry?.dtype !== "F32" || tensor.transform) {
					const got = "path" in ref ? (tensor.transform?.kind ?? entry?.dtype ?? "nothing") : "no local file";
					throw new WeightsError(
						`${source.name}: tensor ${quote(tensor.entry)} cannot be mapped: needs F32 in a local file, got ${got}`,
					);
				}
				places.set(tensor.name, {
					path: ref.path,
					offset: entry.offset,
					length: entry.length,
					shape: entry.shape,
				});
			}
		} finally {
			await source.close?.();
		}
	}
	return places;
}

import { fileSource, folderAndName } from "#file-source";
import type { Provider } from "../graph/op.js";
import type { WeightInput } from "../onnx/compile.js";
import { encodeExternalWeights, encodeWeightInputs } from "../onnx/proto.js";
import { type BlockForm, type PartType, partTypes, Tensor, unpackBlocks } from "../tensor/index.js";
import { locateWeights, type WeightPlace, type WeightsSpec } from "../weights/index.js";
import { EngineError } from "./engine.js";
import type { OrtTensor } from "./platform.js";

/** A set of weights as an engine holds it; see `WeightsMode`. */
export interface HeldWeights {
	/** Whether a session serves any weights of the same shapes: those of another model, or of another layer. */
	readonly shared: boolean;
	/** What is fed on each run. */
	inputs(weights: readonly WeightInput[]): Record<string, OrtTensor>;
	/** What is appended to a program's model. */
	declare(weights: readonly WeightInput[]): Uint8Array;
	/** Bytes that a session keeps because of them. */
	sessionBytes(weights: readonly WeightInput[]): number;
	readonly sessionOptions: Readonly<Record<string, string>>;
	read(name: string): Promise<Tensor<"float32">>;
	/** Puts another tensor of the same shape in a weight's place. */
	replace(name: string, tensor: OrtTensor): void;
}

/** A matrix that is held as blocks: its parts are among the tensors. */
interface BlockWeight {
	readonly form: BlockForm;
	readonly shape: readonly number[];
}

/** Weights in memory, fed as inputs. */
export class BoundWeights implements HeldWeights {
	readonly shared = true;
	readonly sessionOptions = {};

	constructor(
		private readonly tensors: Map<string, OrtTensor>,
		private readonly blocks: ReadonlyMap<string, BlockWeight> = new Map(),
	) {}

	inputs(weights: readonly WeightInput[]): Record<string, OrtTensor> {
		const inputs: Record<string, OrtTensor> = {};
		for (const { name, weight, shape } of weights) {
			const tensor = this.tensors.get(weight);
			checkShape(weight, shape, tensor?.dims);
			inputs[name] = tensor as OrtTensor;
		}
		return inputs;
	}

	declare(weights: readonly WeightInput[]): Uint8Array {
		return encodeWeightInputs(weights);
	}

	sessionBytes(): number {
		return 0;
	}

	async read(name: string): Promise<Tensor<"float32">> {
		const tensor = this.tensors.get(name);
		if (!tensor) return this.unpack(name);
		return new Tensor("float32", tensor.dims, (tensor.data as Float32Array<ArrayBuffer>).slice());
	}

	private unpack(name: string): Tensor<"float32"> {
		const weight = this.blocks.get(name);
		if (!weight) throw new EngineError(`no weight "${name}"`);
		const types = partTypes(name, weight.form, weight.shape);
		const part = <D extends "float32" | "uint8">({ name: of, shape }: PartType, dtype: D): Tensor<D> =>
			new Tensor(dtype, shape, this.tensors.get(of)?.data as Tensor<D>["data"]);
		return unpackBlocks(weight.form, {
			quants: part(types.quants, "uint8"),
			scales: part(types.scales, "float32"),
			offsets: types.offsets && part(types.offsets, "float32"),
		});
	}

	replace(name: string, tensor: OrtTensor): void {
		if (this.blocks.has(name)) {
			throw new EngineError(
				`weight "${name}" is held as blocks, so a run cannot replace it; load it with weights: "bound"`,
			);
		}
		checkShape(name, this.tensors.get(name)?.dims ?? [], tensor.dims);
		this.tensors.set(name, tensor);
	}
}

/** What a program without weights runs with. */
export const NO_WEIGHTS: HeldWeights = new BoundWeights(new Map());

/** Weights in their files, mapped into memory by every session that needs them. */
export class MappedWeights implements HeldWeights {
	readonly shared = false;
	readonly sessionOptions: Readonly<Record<string, string>>;

	private constructor(
		private readonly places: ReadonlyMap<string, WeightPlace & { file: string }>,
		folder: string,
	) {
		this.sessionOptions = { model_external_initializers_file_folder_path: folder };
	}

	/** @throws {EngineError} where the files are not in one folder, or the provider does not run on the CPU. */
	static async of(spec: WeightsSpec, provider: Provider): Promise<MappedWeights> {
		if (provider !== "cpu")
			throw new EngineError(`weights: "mapped" needs provider "cpu", got "${provider}"`);
		const places = new Map<string, WeightPlace & { file: string }>();
		const folders = new Set<string>();
		for (const [name, place] of await locateWeights(spec)) {
			const { folder, file } = folderAndName(place.path);
			folders.add(folder);
			places.set(name, { ...place, file });
		}
		if (folders.size > 1)
			throw new EngineError(
				`weights: "mapped" needs all files in one folder, got ${[...folders].join(", ")}`,
			);
		return new MappedWeights(places, [...folders][0] ?? ".");
	}

	inputs(): Record<string, OrtTensor> {
		return {};
	}

	declare(weights: readonly WeightInput[]): Uint8Array {
		const external = weights.map(({ name, weight, shape }) => {
			const place = this.places.get(weight);
			checkShape(weight, shape, place?.shape);
			const { file, offset, length } = place as WeightPlace & { file: string };
			return { name, shape: shape as readonly number[], file, offset, length };
		});
		return encodeExternalWeights(external);
	}

	sessionBytes(weights: readonly WeightInput[]): number {
		return weights.reduce((sum, { weight }) => sum + (this.places.get(weight)?.length ?? 0), 0);
	}

	async read(name: string): Promise<Tensor<"float32">> {
		const place = this.places.get(name);
		if (!place) throw new EngineError(`no weight "${name}"`);
		const source = fileSource(place.path);
		try {
			const bytes = await source.read(place.offset, place.length);
			return new Tensor("float32", place.shape, new Float32Array(bytes.slice().buffer));
		} finally {
			await source.close?.();
		}
	}

	replace(name: string): never {
		throw new EngineError(
			`weight "${name}" is mapped from a file, so a run cannot replace it; bind it instead`,
		);
	}
}

function checkShape(
	name: string,
	expected: readonly (number | string)[],
	got: readonly number[] | undefined,
): void {
	if (got?.join() === expected.join()) return;
	throw new EngineError(
		`weight "${name}": expected [${expected.join(", ")}], got ${got ? `[${got.join(", ")}]` : "none"}`,
	);
}

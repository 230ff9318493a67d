import { Tensor } from "../tensor/index.js";
import { quote, refuse } from "./errors.js";
import type { Source } from "./source.js";
import { unpickle } from "./torch-pickle.js";
import { TorchTensors } from "./torch-tensors.js";
import { type Pickled, StorageRef, TensorRef, TorchStub } from "./torch-values.js";
import { openZip, type ZipArchive } from "./torch-zip.js";

/** What a torch file holds, tensors loaded: dicts are Maps, lists and tuples arrays, other objects stubs. */
export type TorchData =
	| null
	| boolean
	| number
	| bigint
	| string
	| Uint8Array
	| Tensor
	| TorchStub
	| TorchData[]
	| Set<TorchData>
	| Map<TorchData, TorchData>;

/** A training checkpoint as `torch.save` writes it. */
export interface TorchCheckpoint {
	/** The state dict, buffers included, as float32 in the order of the file. */
	readonly model: Map<string, Tensor<"float32">>;
	/** Every other entry of the file: `optimizer`, `scheduler`, `rng_state`, ... */
	readonly rest: ReadonlyMap<string, TorchData>;
}

/** Deepest nesting, and most values when shared ones are counted at each place they stand. */
const MAX_DEPTH = 100;
const MAX_VALUES = 2 ** 22;

/**
 * Reads a checkpoint: a dict with the state dict under `model`, or a state dict alone. Pickled code
 * is never run; see {@link TorchStub}.
 * @throws {WeightsError} one line, where the file is damaged, is no such dict, or where the model has
 *   an entry that is no tensor of floating-point numbers
 */
export async function readTorchCheckpoint(source: Source): Promise<TorchCheckpoint> {
	const where = source.name;
	const root = await readTorchFile(source);
	if (!(root instanceof Map)) refuse(where, `holds ${describe(root)}, not a dict with a model's state`);
	const isState = root.size > 0 && [...root.values()].every((value) => value instanceof Tensor);
	const state = isState ? root : root.get("model");
	if (state === undefined) {
		refuse(where, `has no entry "model", it has ${[...root.keys()].slice(0, 10).map(keyName).join(", ")}`);
	}
	if (!(state instanceof Map)) refuse(where, `"model" is ${describe(state)}, not a state dict`);
	const model = new Map<string, Tensor<"float32">>();
	for (const [key, value] of state) {
		if (typeof key !== "string") refuse(where, `the model has an entry named by ${describe(key)}`);
		model.set(key, toFloat32(value, key, where));
	}
	const rest = new Map<string, TorchData>();
	if (!isState) for (const [key, value] of root) if (key !== "model") rest.set(keyName(key), value);
	return { model, rest };
}

/** Reads any file of `torch.save` (1.6 or later) as plain data. */
export async function readTorchFile(source: Source): Promise<TorchData> {
	const where = source.name;
	const size = await source.size();
	const archive = await openZip(source);
	const pickles = [...archive.entries.keys()].filter((name) => /^[^/]*\/data\.pkl$/.test(name));
	const [pickle] = pickles;
	if (!pickle || pickles.length > 1)
		refuse(where, `has ${pickles.length} entries */data.pkl, a torch file has one`);
	const prefix = pickle.slice(0, -"data.pkl".length);
	const order = await readSmall(archive, `${prefix}byteorder`);
	if (order !== undefined && order !== "little")
		refuse(where, `has byte order ${quote(order)}, allowed "little"`);
	const entry = archive.entries.get(pickle);
	const root = unpickle(entry ? await archive.read(entry) : new Uint8Array(0), where);
	return loadTensors(root, new TorchTensors(archive, prefix, size, where), where);
}

async function readSmall(archive: ZipArchive, name: string): Promise<string | undefined> {
	const entry = archive.entries.get(name);
	if (!entry) return undefined;
	return entry.size > 16 ? "?" : new TextDecoder("latin1").decode(await archive.read(entry));
}

interface Loaded {
	readonly value: TorchData;
	/** Values in it, itself included. */
	readonly count: number;
	readonly depth: number;
}

const LEAF = { count: 1, depth: 1 };

/**
 * Replaces references by tensors. What a pickle shares stays shared, so a few bytes can stand for
 * 2^50 values (the "billion laughs"); they are counted, and what holds itself is refused: code
 * that walks the result must end.
 */
async function loadTensors(root: Pickled, tensors: TorchTensors, where: string): Promise<TorchData> {
	const done = new Map<Pickled, Loaded>();
	const open = new Set<Pickled>();

	const load = async (value: Pickled, path: string): Promise<Loaded> => {
		if (value instanceof StorageRef) refuse(where, `${quote(path)} is a storage without a tensor`);
		if (value instanceof TensorRef) {
			const known = done.get(value) ?? { value: await tensors.load(value, path), ...LEAF };
			done.set(value, known);
			return known;
		}
		if (!(Array.isArray(value) || value instanceof Map || value instanceof Set)) return { value, ...LEAF };
		const known = done.get(value);
		if (known) return known;
		if (open.has(value)) refuse(where, `${quote(path)} holds itself`);
		if (open.size >= MAX_DEPTH) refuse(where, `${quote(path)} is nested deeper than ${MAX_DEPTH} levels`);
		open.add(value);
		let count = 1;
		let depth = 0;
		const part = async (inner: Pickled, name: string): Promise<TorchData> => {
			const loaded = await load(inner, path ? `${path}.${name}` : name);
			count += loaded.count;
			depth = Math.max(depth, loaded.depth);
			if (count > MAX_VALUES) refuse(where, `${quote(path)} unfolds to more than ${MAX_VALUES} values`);
			if (depth >= MAX_DEPTH) refuse(where, `${quote(path)} is nested deeper than ${MAX_DEPTH} levels`);
			return loaded.value;
		};
		const result: Loaded = { value: await copy(value, part), count, depth: depth + 1 };
		open.delete(value);
		done.set(value, result);
		return result;
	};
	return (await load(root, "")).value;
}

async function copy(
	value: Pickled[] | Set<Pickled> | Map<Pickled, Pickled>,
	part: (inner: Pickled, name: string) => Promise<TorchData>,
): Promise<TorchData> {
	if (value instanceof Map) {
		const map = new Map<TorchData, TorchData>();
		for (const [key, inner] of value) {
			map.set(await part(key, "key"), await part(inner, keyName(key)));
		}
		return map;
	}
	const items: TorchData[] = [];
	for (const inner of value) items.push(await part(inner, String(items.length)));
	return value instanceof Set ? new Set(items) : items;
}

function toFloat32(value: TorchData, name: string, where: string): Tensor<"float32"> {
	if (value instanceof Tensor) {
		const { dtype, shape, data } = value;
		if (dtype === "float32") return value as Tensor<"float32">;
		if (dtype === "float64") return new Tensor("float32", shape, Float32Array.from(data as Float64Array));
	}
	return refuse(
		where,
		`model entry ${quote(name)} is ${describe(value)}, not a tensor of floating-point numbers`,
	);
}

function keyName(key: unknown): string {
	const text = typeof key === "string" ? key : describe(key);
	return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function describe(value: unknown): string {
	if (value instanceof TorchStub) return `a ${value.name}, which is not read`;
	if (value instanceof Tensor) return `a tensor of dtype ${value.dtype}`;
	if (value instanceof Map) return "a dict";
	if (Array.isArray(value)) return "a list";
	if (value instanceof Uint8Array) return "bytes";
	if (typeof value === "string") return quote(value);
	return typeof value === "object" && value !== null ? "an object" : String(value);
}

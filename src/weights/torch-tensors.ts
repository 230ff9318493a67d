import { type DType, Tensor, viewOf } from "../tensor/index.js";
import { quote, refuse } from "./errors.js";
import { aligned, FLOAT_FORMATS } from "./float-formats.js";
import { elementsOf } from "./tensor-entry.js";
import type { StorageRef, TensorRef } from "./torch-values.js";
import type { ZipArchive } from "./torch-zip.js";

/** Bytes an element takes, and the dtype it is read as; half precision becomes float32, short integers int32. */
interface StorageFormat {
	readonly bytes: number;
	readonly dtype: DType;
	/** Where the stored type is not the dtype itself. */
	readonly read?: (bytes: Uint8Array, count: number) => Float32Array | Int32Array;
}

const FORMATS: ReadonlyMap<string, StorageFormat> = new Map<string, StorageFormat>([
	["FloatStorage", { bytes: 4, dtype: "float32" }],
	["DoubleStorage", { bytes: 8, dtype: "float64" }],
	["HalfStorage", { bytes: 2, dtype: "float32", read: (b, n) => floats("F16", b, n) }],
	["BFloat16Storage", { bytes: 2, dtype: "float32", read: (b, n) => floats("BF16", b, n) }],
	["LongStorage", { bytes: 8, dtype: "int64" }],
	["IntStorage", { bytes: 4, dtype: "int32" }],
	[
		"ShortStorage",
		{ bytes: 2, dtype: "int32", read: (b, n) => Int32Array.from(new Int16Array(aligned(b), 0, n)) },
	],
	[
		"CharStorage",
		{ bytes: 1, dtype: "int32", read: (b, n) => Int32Array.from(new Int8Array(aligned(b), 0, n)) },
	],
	["ByteStorage", { bytes: 1, dtype: "int32", read: (b, n) => Int32Array.from(b.subarray(0, n)) }],
	["BoolStorage", { bytes: 1, dtype: "bool" }],
]);

/**
 * How much larger than the file all tensors together may become. Views that repeat or overlap (a
 * stride of 0) cost the file nothing, so the file's own length does not bound them.
 */
const GROWTH = 4;
const SLACK = 2 ** 24;

/** Loads tensors of a torch file; each storage is read once and shared by its views. */
export class TorchTensors {
	private readonly storages = new Map<string, { type: string; data: Promise<Tensor> }>();
	private copied = 0;
	private readonly allowed: number;

	/**
	 * @param prefix folder of the archive that holds `data/`
	 * @param fileSize in bytes; bounds what is allocated
	 */
	constructor(
		private readonly archive: ZipArchive,
		private readonly prefix: string,
		fileSize: number,
		private readonly where: string,
	) {
		this.allowed = GROWTH * fileSize + SLACK;
	}

	/** The tensor; contiguous ones share the memory of their storage. `name` is for errors. */
	async load(ref: TensorRef, name: string): Promise<Tensor> {
		const at = `tensor ${quote(name)}`;
		if (ref.dtype) refuse(this.where, `${at} is ${ref.dtype}; read are ${[...FORMATS.keys()].join(", ")}`);
		const { shape, strides, offset } = ref;
		const count = elementsOf(shape);
		if (count === undefined) refuse(this.where, `${at} has the absurd shape [${shape.join(", ")}]`);
		// the last element that is reached; nothing lies behind it, as strides are not negative
		const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * (strides[axis] as number), offset);
		if (count > 0 && !(last < ref.storage.size)) {
			refuse(this.where, `${at} reaches element ${last} of a storage of ${ref.storage.size}`);
		}
		const storage = await this.storage(ref.storage, at);
		const contiguous = isContiguous(shape, strides);
		if (count === 0 || contiguous) {
			const from = count === 0 ? 0 : offset;
			return new Tensor(storage.dtype, shape, storage.data.subarray(from, from + count) as Tensor["data"]);
		}
		this.copied += count * storage.data.BYTES_PER_ELEMENT;
		if (this.copied > this.allowed) {
			refuse(this.where, `its views copied would take ${this.copied} bytes, allowed ${this.allowed}`);
		}
		return gather(storage, offset, shape, strides, count);
	}

	private async storage(ref: StorageRef, at: string): Promise<Tensor> {
		const known = this.storages.get(ref.key);
		if (known && known.type !== ref.type) {
			refuse(
				this.where,
				`${at} takes storage ${quote(ref.key)} for ${quote(ref.type)}, another one for ${quote(known.type)}`,
			);
		}
		const data = known?.data ?? this.readStorage(ref, at);
		if (!known) this.storages.set(ref.key, { type: ref.type, data });
		const storage = await data;
		if (storage.size !== ref.size) {
			refuse(this.where, `${at} takes storage ${quote(ref.key)} of ${storage.size} for ${ref.size} elements`);
		}
		return storage;
	}

	private async readStorage(ref: StorageRef, at: string): Promise<Tensor> {
		const format = FORMATS.get(ref.type);
		if (!format)
			refuse(this.where, `${at} is a ${quote(ref.type)}; read are ${[...FORMATS.keys()].join(", ")}`);
		const entry = this.archive.entries.get(`${this.prefix}data/${ref.key}`);
		if (!entry) refuse(this.where, `${at} lies in entry ${quote(`data/${ref.key}`)}, which is missing`);
		if (entry.size !== ref.size * format.bytes) {
			refuse(
				this.where,
				`${at} needs ${ref.size * format.bytes} bytes, entry ${quote(entry.name)} has ${entry.size}`,
			);
		}
		const bytes = await this.archive.read(entry);
		const { dtype, read } = format;
		const data = read?.(bytes, ref.size) ?? viewOf(dtype, aligned(bytes), 0, ref.size);
		return new Tensor(dtype, [ref.size], data);
	}
}

function floats(format: string, bytes: Uint8Array, count: number): Float32Array {
	const values = new Float32Array(count);
	FLOAT_FORMATS.get(format)?.decode(bytes, values);
	return values;
}

/** Row-major without gaps; axes of extent 1 can have any stride. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
	let expected = 1;
	for (let axis = shape.length - 1; axis >= 0; axis--) {
		const extent = shape[axis] as number;
		if (extent !== 1 && strides[axis] !== expected) return false;
		expected *= extent;
	}
	return true;
}

/** The elements of a strided view, in row-major order. */
function gather(
	storage: Tensor,
	offset: number,
	shape: readonly number[],
	strides: readonly number[],
	count: number,
): Tensor {
	const out = Tensor.zeros(shape, storage.dtype);
	const source = storage.data as Float32Array;
	const target = out.data as Float32Array;
	const index = shape.map(() => 0);
	for (let i = 0, from = offset; i < count; i++) {
		target[i] = source[from] as number;
		for (let axis = shape.length - 1; axis >= 0; axis--) {
			const stride = strides[axis] as number;
			from += stride;
			index[axis] = (index[axis] as number) + 1;
			if (index[axis] !== shape[axis]) break;
			from -= stride * (shape[axis] as number);
			index[axis] = 0;
		}
	}
	return out;
}

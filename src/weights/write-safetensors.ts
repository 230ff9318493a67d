import { bytesPerElement, type DType, type Tensor } from "../tensor/index.js";
import { WeightsError } from "./errors.js";
import { toHalf } from "./half.js";
import { MAX_SAFETENSORS_HEADER } from "./safetensors.js";

const STORED: Readonly<Record<DType, string>> = {
	float32: "F32",
	float64: "F64",
	int32: "I32",
	int64: "I64",
	bool: "BOOL",
	uint8: "U8",
};

/** Pieces of a safetensors file in order: the header, then each tensor's bytes. */
export interface SafetensorsParts {
	readonly header: Uint8Array;
	readonly tensors: readonly Uint8Array[];
	/** Bytes of the whole file. */
	readonly size: number;
}

export interface WriteOptions {
	/** Store float32 tensors in half precision, rounded to the nearest: half the size. Default false. */
	readonly half?: boolean;
}

/** A safetensors file of `tensors`, with the file's own strings `metadata`. */
export function writeSafetensors(
	tensors: ReadonlyMap<string, Tensor>,
	metadata: Readonly<Record<string, string>> = {},
	options: WriteOptions = {},
): Uint8Array {
	const parts = safetensorsParts(tensors, metadata, options);
	const file = new Uint8Array(parts.size);
	file.set(parts.header);
	let at = parts.header.length;
	for (const bytes of parts.tensors) {
		file.set(bytes, at);
		at += bytes.length;
	}
	return file;
}

/** The pieces, which share the tensors' memory: what a streaming writer puts out one by one. */
export function safetensorsParts(
	tensors: ReadonlyMap<string, Tensor>,
	metadata: Readonly<Record<string, string>> = {},
	{ half = false }: WriteOptions = {},
): SafetensorsParts {
	// wide elements first: with a header of a multiple of 8 bytes every tensor lies aligned
	const widthOf = ({ dtype }: Tensor): number => (half && dtype === "float32" ? 2 : bytesPerElement(dtype));
	const sorted = [...tensors].sort(([, a], [, b]) => widthOf(b) - widthOf(a));
	const lines: string[] = [];
	if (Object.keys(metadata).length > 0) lines.push(`"__metadata__":${JSON.stringify(metadata)}`);
	let next = 0;
	for (const [name, tensor] of sorted) {
		if (name === "__metadata__") throw new WeightsError("safetensors: a tensor cannot be named __metadata__");
		const end = next + tensor.size * widthOf(tensor);
		const dtype = half && tensor.dtype === "float32" ? "F16" : STORED[tensor.dtype];
		const entry = { dtype, shape: tensor.shape, data_offsets: [next, end] };
		lines.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
		next = end;
	}
	const json = new TextEncoder().encode(`{${lines.join(",")}}`);
	const length = Math.ceil(json.length / 8) * 8;
	if (length > MAX_SAFETENSORS_HEADER) {
		throw new WeightsError(
			`safetensors: ${tensors.size} tensors need a header of ${length} bytes, allowed up to ${MAX_SAFETENSORS_HEADER}`,
		);
	}
	const header = new Uint8Array(8 + length).fill(0x20);
	new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
	header.set(json, 8);
	const data = sorted.map(([, tensor]) => {
		const d = half && tensor.dtype === "float32" ? toHalf(tensor.data as Float32Array) : tensor.data;
		return new Uint8Array(d.buffer as ArrayBuffer, d.byteOffset, d.byteLength);
	});
	return { header, tensors: data, size: header.length + next };
}

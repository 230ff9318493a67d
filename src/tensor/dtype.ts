/** Element types that headscope computes with. `bool` is stored as one byte, 0 or 1; `uint8` is what packed weights are made of. */
export type DType = "float32" | "float64" | "int32" | "int64" | "bool" | "uint8";

/** The array that holds a dtype's elements. */
export interface DataOf {
	float32: Float32Array;
	float64: Float64Array;
	int32: Int32Array;
	int64: BigInt64Array;
	bool: Uint8Array;
	uint8: Uint8Array;
}

export type Data = DataOf[DType];

const CONSTRUCTORS = {
	float32: Float32Array,
	float64: Float64Array,
	int32: Int32Array,
	int64: BigInt64Array,
	bool: Uint8Array,
	uint8: Uint8Array,
} as const;

export const DTYPES = Object.keys(CONSTRUCTORS) as readonly DType[];

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
	return CONSTRUCTORS[dtype].BYTES_PER_ELEMENT;
}

/** A zeroed array of `length` elements. */
export function allocate<D extends DType>(dtype: D, length: number): DataOf[D] {
	return new CONSTRUCTORS[dtype](length) as DataOf[D];
}

/** A typed view of `bytes` from `offset`, which must be a multiple of the element size. */
export function viewOf<D extends DType>(
	dtype: D,
	buffer: ArrayBufferLike,
	offset: number,
	length: number,
): DataOf[D] {
	return new CONSTRUCTORS[dtype](buffer as ArrayBuffer, offset, length) as DataOf[D];
}

/** Whether a typed array is what elements of a dtype are stored in. */
export function isStorageOf(dtype: DType, data: ArrayBufferView): boolean {
	return data instanceof CONSTRUCTORS[dtype];
}

/** Parts of a GGUF file: numbers are 32 bits wide, bigints 64, texts have their length in front, bytes stand as they are. */
export type Part = number | bigint | string | Uint8Array;

/** Bytes of the parts one after another. */
export function ggufBytes(...parts: readonly Part[]): Uint8Array {
	return Uint8Array.from(parts.flatMap((part) => [...bytesOf(part)]));
}

function bytesOf(part: Part): Uint8Array {
	if (typeof part === "number") return new Uint8Array(Uint32Array.of(part).buffer);
	if (typeof part === "bigint") return new Uint8Array(BigUint64Array.of(part).buffer);
	if (typeof part !== "string") return part;
	const text = new TextEncoder().encode(part);
	return Uint8Array.from([...bytesOf(BigInt(text.length)), ...text]);
}

/** The beginning of a file: magic, version, counts. */
export function ggufHead(tensors: number | bigint, keys: number | bigint, version = 3): Uint8Array {
	return ggufBytes(0x46554747, version, BigInt(tensors), BigInt(keys));
}

/** A whole file: metadata entries as parts, tensors, zeros up to the next multiple of 32 and `data` bytes behind them. */
export function ggufFile(
	keys: readonly (readonly Part[])[],
	tensors: readonly { name: string; dims: readonly bigint[]; type: number; offset: bigint }[],
	data: number,
): Uint8Array {
	const infos = tensors.flatMap(({ name, dims, type, offset }): Part[] => [
		name,
		dims.length,
		...dims,
		type,
		offset,
	]);
	const header = ggufBytes(ggufHead(tensors.length, keys.length), ...keys.flat(), ...infos);
	const padded = Math.ceil(header.length / 32) * 32;
	const file = new Uint8Array(padded + data);
	file.set(header);
	return file;
}

import { type Dim, evaluateDim } from "../graph/dim.js";
import type { Provider } from "../graph/op.js";
import type { Program } from "../onnx/compile.js";
import { EngineError } from "./engine.js";

/** What is said where memory runs out, and where a tensor has more bytes than the 32 bits of WASM count. */
const SIGNS = /bad_alloc|failed to allocate memory|buffer allocation failed|SafeIntOnOverflow/i;
/** Bytes that WASM addresses. */
const WASM = 2 ** 32;
/** Bytes of results that a run in WASM has room for beside what it computes on the way, which takes several times as much. */
const ROOM = 2 ** 30;
/** What the extents of axes count. */
const COUNTED: Readonly<Record<string, string>> = { pos: "positions", batch: "rows" };

/** A run that is larger than the memory. */
export class OutOfMemory extends EngineError {}

/**
 * What went wrong with a run. Where memory ran out it says how large the run was, and in WASM what would fit: as much of
 * its longest axis as leaves room; anything else is returned as it is.
 * @param extents of the run's symbols
 */
export function runError(
	error: unknown,
	{ outputs }: Program,
	extents: ReadonlyMap<string, number>,
	provider: Provider,
): unknown {
	if (!(error instanceof Error) || !SIGNS.test(error.message)) return error;
	const shapes = outputs.map(({ shape }) => shape);
	const at = [...extents].map(([name, extent]) => `${name} ${extent}`).join(", ");
	const size = `out of memory: the results of this run alone take ${gigabytes(bytesOf(shapes, extents))} GB (${at})`;
	const [longest, extent] = [...extents].sort(([, a], [, b]) => b - a)[0] ?? ["", 0];
	if (provider !== "wasm" || extent < 2) return new OutOfMemory(size);
	let fits = Math.floor(extent / 2);
	while (fits > 1 && bytesOf(shapes, new Map([...extents, [longest, fits]])) > ROOM)
		fits = Math.floor(0.95 * fits);
	return new OutOfMemory(
		`${size}, and WASM has ${gigabytes(WASM)} GB for everything; about ${fits} ${COUNTED[longest] ?? `of ${longest}`} would fit`,
	);
}

/** Four for each number. */
function bytesOf(shapes: readonly (readonly Dim[])[], extents: ReadonlyMap<string, number>): number {
	const sizes = shapes.map((shape) =>
		shape.reduce<number>((size, dim) => size * evaluateDim(dim, extents), 4),
	);
	return sizes.reduce((sum, size) => sum + size, 0);
}

function gigabytes(bytes: number): string {
	return (bytes / 1e9).toFixed(1);
}

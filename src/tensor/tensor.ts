import type { Axis } from "./axes.js";
import { allocate, type Data, type DataOf, type DType, isStorageOf } from "./dtype.js";

/** Nested arrays of numbers, as JSON has them. */
export type Nested = number | readonly Nested[];

/**
 * A host array: contiguous, row-major, never written to after it was made.
 * Operations return new tensors; those that keep the element order share the data.
 */
export class Tensor<D extends DType = DType> {
	/** Names of the axes, outermost first, where they are known. */
	readonly axes: readonly Axis[] | undefined;

	constructor(
		readonly dtype: D,
		readonly shape: readonly number[],
		readonly data: DataOf[D],
		axes?: readonly Axis[],
	) {
		if (data.length !== sizeOf(shape)) {
			throw new RangeError(
				`tensor: shape [${shape.join(", ")}] needs ${sizeOf(shape)} elements, got ${data.length}`,
			);
		}
		if (!isStorageOf(dtype, data)) {
			throw new TypeError(`tensor: dtype ${dtype} cannot be stored in ${data.constructor.name}`);
		}
		if (axes && axes.length !== shape.length) {
			throw new RangeError(
				`tensor: ${axes.length} axis names (${axes.join(", ")}) for shape [${shape.join(", ")}]`,
			);
		}
		this.axes = axes;
	}

	/** Number of elements. */
	get size(): number {
		return this.data.length;
	}

	/** Steps in elements between neighbours along each axis. */
	get strides(): readonly number[] {
		return stridesOf(this.shape);
	}

	/** From nested arrays; every level must be rectangular. Default dtype float32. */
	static from<D extends DType = "float32">(
		nested: Nested,
		dtype: D = "float32" as D,
		axes?: readonly Axis[],
	): Tensor<D> {
		const shape: number[] = [];
		for (let level: Nested = nested; typeof level !== "number"; level = level[0] as Nested) {
			shape.push(level.length);
			if (level.length === 0) break;
		}
		const data = allocate(dtype, sizeOf(shape));
		let next = 0;
		const fill = (level: Nested, depth: number): void => {
			if (typeof level === "number") {
				if (depth !== shape.length) ragged(shape);
				setAt(data, next++, level);
				return;
			}
			if (level.length !== shape[depth]) ragged(shape);
			for (const inner of level) fill(inner, depth + 1);
		};
		fill(nested, 0);
		return new Tensor(dtype, shape, data, axes);
	}

	/** A tensor of zeros. Default dtype float32. */
	static zeros<D extends DType = "float32">(
		shape: readonly number[],
		dtype: D = "float32" as D,
		axes?: readonly Axis[],
	): Tensor<D> {
		return new Tensor(dtype, shape, allocate(dtype, sizeOf(shape)), axes);
	}

	/** A tensor with the same value everywhere. Default dtype float32. */
	static full<D extends DType = "float32">(
		shape: readonly number[],
		value: number,
		dtype: D = "float32" as D,
	): Tensor<D> {
		const data = allocate(dtype, sizeOf(shape));
		for (let i = 0; i < data.length; i++) setAt(data, i, value);
		return new Tensor(dtype, shape, data);
	}

	/** A tensor without axes. Default dtype float32. */
	static scalar<D extends DType = "float32">(value: number, dtype: D = "float32" as D): Tensor<D> {
		return Tensor.full([], value, dtype);
	}

	/** The element at `index`, one number per axis; negative numbers count from the end. */
	at(...index: number[]): number {
		if (index.length !== this.shape.length) {
			throw new RangeError(
				`tensor: ${index.length} indices for shape [${this.shape.join(", ")}] (${this.describeAxes()})`,
			);
		}
		let flat = 0;
		for (const [axis, i] of index.entries()) {
			flat = flat * (this.shape[axis] as number) + this.resolve(axis, i);
		}
		return Number(this.data[flat]);
	}

	/** The only element of a tensor of size one. */
	item(): number {
		if (this.size !== 1) {
			throw new RangeError(`tensor: item() of shape [${this.shape.join(", ")}], which is not one element`);
		}
		return Number(this.data[0]);
	}

	/** Index `i` of the first axis, which is dropped. Shares the data. */
	select(i: number): Tensor<D> {
		const row = this.resolve(0, i);
		const shape = this.shape.slice(1);
		const size = sizeOf(shape);
		const data = this.data.subarray(row * size, (row + 1) * size) as DataOf[D];
		return new Tensor(this.dtype, shape, data, this.axes?.slice(1));
	}

	/** Elements `start` to `end` (exclusive) along `axis`; negative numbers count from the end. */
	slice(axis: number, start: number, end = this.shape[axis] as number): Tensor<D> {
		const extent = this.shape[axis];
		if (extent === undefined) {
			throw new RangeError(`tensor: no axis ${axis} in shape [${this.shape.join(", ")}]`);
		}
		const from = Math.max(0, start < 0 ? start + extent : start);
		const to = Math.max(from, Math.min(extent, end < 0 ? end + extent : end));
		const shape = this.shape.with(axis, to - from);
		const inner = sizeOf(this.shape.slice(axis + 1));
		const outer = sizeOf(this.shape.slice(0, axis));
		const data = allocate(this.dtype, sizeOf(shape));
		for (let o = 0; o < outer; o++) {
			const source = this.data.subarray((o * extent + from) * inner, (o * extent + to) * inner);
			(data as Float32Array).set(source as Float32Array, o * (to - from) * inner);
		}
		return new Tensor(this.dtype, shape, data, this.axes);
	}

	/** The same elements in another shape; shares the data. */
	reshape(shape: readonly number[], axes?: readonly Axis[]): Tensor<D> {
		return new Tensor(this.dtype, shape, this.data, axes);
	}

	/** Axes in the order `order`; the last two swapped by default. */
	transpose(order?: readonly number[]): Tensor<D> {
		const rank = this.shape.length;
		const to = order ?? [...Array(rank).keys()].map((i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
		const shape = to.map((axis) => this.shape[axis] as number);
		const from = to.map((axis) => this.strides[axis] as number);
		const data = allocate(this.dtype, this.size);
		forEachIndex(shape, (index, flat) => {
			let source = 0;
			for (let axis = 0; axis < rank; axis++) source += (index[axis] as number) * (from[axis] as number);
			data[flat] = this.data[source] as never;
		});
		return new Tensor(this.dtype, shape, data, this.axes && to.map((axis) => this.axes?.[axis] as Axis));
	}

	/** Elements converted to another dtype. */
	to<T extends DType>(dtype: T): Tensor<T> {
		if ((dtype as DType) === this.dtype) return this as unknown as Tensor<T>;
		const data = allocate(dtype, this.size);
		for (let i = 0; i < this.size; i++) setAt(data, i, Number(this.data[i]));
		return new Tensor(dtype, this.shape, data, this.axes);
	}

	/** Nested arrays, as `JSON.stringify` wants them. */
	toNested(): Nested {
		const build = (depth: number, flat: number): Nested => {
			if (depth === this.shape.length) return Number(this.data[flat]);
			const extent = this.shape[depth] as number;
			const inner = sizeOf(this.shape.slice(depth + 1));
			return Array.from({ length: extent }, (_, i) => build(depth + 1, flat + i * inner));
		};
		return build(0, 0);
	}

	/** Type and shape, with the axes where they are known: `float32[batch=1, pos=9]`. */
	toString(): string {
		return `${this.dtype}[${this.shape.map((n, i) => (this.axes ? `${this.axes[i]}=${n}` : n)).join(", ")}]`;
	}

	private resolve(axis: number, i: number): number {
		const extent = this.shape[axis] ?? 0;
		const at = i < 0 ? i + extent : i;
		if (!Number.isInteger(i) || at < 0 || at >= extent) {
			throw new RangeError(
				`tensor: index ${i} on axis ${this.axes?.[axis] ?? axis} of length ${extent}, allowed ${-extent}..${extent - 1}`,
			);
		}
		return at;
	}

	private describeAxes(): string {
		return this.axes ? this.axes.join(", ") : `${this.shape.length} axes`;
	}
}

/** Product of the extents. */
export function sizeOf(shape: readonly number[]): number {
	return shape.reduce((a, b) => a * b, 1);
}

/** Row-major strides in elements. */
export function stridesOf(shape: readonly number[]): number[] {
	const strides = Array<number>(shape.length).fill(1);
	for (let i = shape.length - 2; i >= 0; i--) {
		strides[i] = (strides[i + 1] as number) * (shape[i + 1] as number);
	}
	return strides;
}

/** Calls `visit` for each index of `shape` in row-major order; `index` is reused between calls. */
export function forEachIndex(
	shape: readonly number[],
	visit: (index: readonly number[], flat: number) => void,
): void {
	const size = sizeOf(shape);
	const index = Array<number>(shape.length).fill(0);
	for (let flat = 0; flat < size; flat++) {
		visit(index, flat);
		for (let axis = shape.length - 1; axis >= 0; axis--) {
			index[axis] = (index[axis] as number) + 1;
			if ((index[axis] as number) < (shape[axis] as number)) break;
			index[axis] = 0;
		}
	}
}

/** Writes a number into an array of any dtype. */
export function setAt(data: Data, i: number, value: number): void {
	if (data instanceof BigInt64Array) data[i] = BigInt(value);
	else data[i] = value;
}

function ragged(shape: readonly number[]): never {
	throw new RangeError(
		`tensor: nested arrays are ragged; the first entries give shape [${shape.join(", ")}]`,
	);
}

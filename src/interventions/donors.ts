import { ActivationCache } from "../hooks/activation-cache.js";
import { nearest } from "../hooks/select.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import type { RunFacts, Taken } from "./intervention.js";
import { checkColumns, placesIn, range } from "./point-edits.js";
import type { Selection, Target } from "./targets.js";

/** Recorded values by hook name: what another run, or another prompt, had at these points. */
export type Donor = ActivationCache | ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

/** Whose values are taken, and from where. */
export interface DonorChoice extends Pick<Selection, "positions"> {
	readonly from: string;
	readonly fromPositions?: readonly number[] | undefined;
}

/**
 * A donor's entry.
 * @throws {InterventionError} for a donor that the run was not given, or an entry that it lacks; with the nearest
 */
export function donated(
	{ donors = {} }: RunFacts,
	from: string,
	name: string,
	where: string,
): Tensor<"float32"> {
	if (!Object.hasOwn(donors, from)) {
		const known = Object.keys(donors);
		const near = known.length > 0 ? `; nearest: ${nearest(from, known, 3).join(", ")}` : "; it has no donors";
		reject(`${where}.from`, `the run was given no donor "${from}"${near}`);
	}
	const entries = entriesOf(donors[from] as Donor);
	const found = entries.get(name);
	if (!found) {
		const near = nearest(name, [...entries.keys()], 3).join(", ") || "nothing";
		reject(
			`${where}.from`,
			`donor "${from}" has no "${name}"; it has ${near}${entries.size > 3 ? ", ..." : ""}`,
		);
	}
	if (found.dtype !== "float32")
		reject(`${where}.from`, `"${name}" of donor "${from}" is ${found}, allowed float32`);
	return found as Tensor<"float32">;
}

/** A donor's tensors by hook name. */
export function entriesOf(donor: Donor): ReadonlyMap<string, Tensor> {
	if (donor instanceof ActivationCache) return donor.toMap();
	return donor instanceof Map ? (donor as ReadonlyMap<string, Tensor>) : new Map(Object.entries(donor));
}

/**
 * A donor's value at a point, with the entries that each row and position of the run takes: the donor's row of the
 * same number, or its only one, at the same position or at `fromPositions`.
 * @param rowOf which of the donor's rows a row takes instead
 * @throws {InterventionError} for a donor of another shape or length; it says both
 */
export function takenFrom(
	choice: DonorChoice,
	target: Target,
	run: RunFacts,
	where: string,
	rowOf?: (row: number, donorRows: number) => number,
): Taken {
	const { from } = choice;
	const tensor = donated(run, from, target.point, where);
	checkShape(tensor, choice, target, run, where, rowOf !== undefined);
	const [donorRows, ...rest] = tensor.shape as [number, ...number[]];
	const row = (b: number): number => rowOf?.(b, donorRows) ?? (donorRows === 1 ? 0 : b);
	if (isSquare(target)) return { table: tensor, places: Tensor.from(range(run.batch).map(row), "int32") };
	const length = rest[0] as number;
	const sources = sourcePositions(choice, run, length, where);
	const places = Tensor.zeros([run.batch, run.pos], "int32");
	for (let b = 0; b < run.batch; b++)
		for (let p = 0; p < run.pos; p++) places.data[b * run.pos + p] = row(b) * length + (sources[p] as number);
	return { table: tensor.reshape([donorRows * length, ...rest.slice(1)]), places };
}

/**
 * Rows of other texts are met position by position, which left padding shifts.
 * @throws {InterventionError} for a run with padding on the left
 */
export function checkAligned({ mask, batch, pos }: RunFacts, where: string): void {
	const shifted = range(batch).find((b) => mask && !mask.data[b * pos]);
	if (shifted !== undefined)
		reject(where, `a donor's positions are counted from the first, but row ${shifted} begins with padding`);
}

/** Whether a point holds a number for each query and key. */
export function isSquare({ axes }: Target): boolean {
	return axes.includes("query");
}

/** Where each position's value comes from. Positions that are not changed take anything the donor has. */
function sourcePositions(
	{ positions, fromPositions }: DonorChoice,
	run: RunFacts,
	length: number,
	where: string,
): number[] {
	const { pos } = run;
	if (fromPositions === undefined) return range(pos);
	if (positions === undefined || positions.length !== fromPositions.length)
		reject(
			`${where}.fromPositions`,
			`${fromPositions.length} positions for ${positions?.length ?? "unsaid"} in "positions"; give one for each`,
		);
	checkColumns(positions, run, `${where}.positions`);
	const sources = Array<number>(pos).fill(0);
	const targets = placesIn(positions, pos, `${where}.positions`);
	for (const [i, source] of fromPositions.entries()) {
		if (source < -length || source >= length)
			reject(`${where}.fromPositions`, `got ${source}, the donor has ${-length}..${length - 1}`);
		sources[targets[i] as number] = source < 0 ? source + length : source;
	}
	return sources;
}

/** Every extent is compared: a donor of other heads or widths may well have as many numbers. */
function checkShape(
	tensor: Tensor,
	{ from, fromPositions }: DonorChoice,
	target: Target,
	run: RunFacts,
	where: string,
	anyRows: boolean,
): void {
	const { axes, shape, point } = target;
	if (fromPositions && isSquare(target))
		reject(
			`${where}.fromPositions`,
			`"${point}" has queries and keys; values of other positions do not fit there`,
		);
	const wanted = axes.map((axis, i) => {
		if (axis === "batch") return run.batch;
		return ["pos", "query", "key"].includes(axis) ? run.pos : shape[i];
	});
	const fits =
		tensor.shape.length === wanted.length &&
		wanted.every((extent, i) => {
			const got = tensor.shape[i] as number;
			if (axes[i] === "batch") return got === 1 || got === extent || (anyRows && got > 0);
			return got === extent || (axes[i] === "pos" && fromPositions !== undefined);
		});
	if (fits) return;
	const named = (extents: readonly unknown[]): string =>
		extents.map((n, i) => `${axes[i] ?? i} ${n}`).join(", ");
	const hint =
		tensor.shape.length === wanted.length &&
		axes.some((axis, i) => axis === "pos" && tensor.shape[i] !== run.pos)
			? '; other lengths need "positions" and "fromPositions"'
			: "";
	reject(
		`${where}.from`,
		`donor "${from}" has at "${point}" ${named(tensor.shape)}; this run has ${named(wanted)}${hint}`,
	);
}

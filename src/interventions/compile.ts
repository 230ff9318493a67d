import { gather, input } from "../graph/ops/index.js";
import type { HookFn } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { sizeOf, Tensor } from "../tensor/index.js";
import type { Edit, EditSite, Part, RunFacts, Shared, Sizes, Taken } from "./intervention.js";
import { editsOf, type Intervention } from "./registry.js";

/** Interventions as hooks over graph values, and what those are fed. */
export interface CompiledInterventions {
	/** Lists with equal keys compute the same graph: they differ in what is fed. */
	readonly key: string;
	/** Hook functions by full point name; at one point in the order of the list. */
	readonly hooks: readonly (readonly [string, HookFn])[];
	/** Tensors for the inputs that the hooks made. `run` is the whole batch. */
	feeds(run: RunFacts): Record<string, Tensor>;
}

/** A place in the graph where an edit is computed; cells without such an edit have strength 0 there. */
interface Slot {
	readonly point: string;
	readonly structure: string;
	/** The edit of each cell. */
	readonly edits: (Edit | undefined)[];
}

/**
 * One graph for a list, or for several cells that share a batch: cell c's list acts after the common one on the c-th part
 * of the rows, as if that part ran alone.
 * @throws {InterventionError} for data that are not understood or do not fit the model.
 */
export function compileInterventions(
	list: readonly Intervention[],
	sizes: Sizes,
	cells?: readonly (readonly Intervention[])[],
): CompiledInterventions {
	const common = editsOf(list, sizes);
	const edits = (cells ?? [[]]).map((cell, c) => [...common, ...editsOf(cell, sizes, `cells[${c}]`)]);
	const slots = slotsOf(edits, sizes);
	const prefix = (i: number): string => `intervention:${i}`;
	return {
		key: `${cells ? "in cells: " : ""}${slots.map((slot) => `${slot.structure} at ${slot.point}`).join("; ")}`,
		hooks: slots.map(({ point, edits }, i) => {
			const { apply } = edits.find((edit) => edit !== undefined) as Edit;
			const site = siteOf(prefix(i), cells !== undefined);
			return [point, (value, g, { get }) => apply(value, g, { ...site, read: get })];
		}),
		feeds: (run) => {
			const facts = edits.map((_, c) => factsOf(run, c, edits.length));
			return Object.fromEntries(slots.flatMap((slot, i) => slotFeeds(prefix(i), slot, facts)));
		},
	};
}

/**
 * The fewest slots that hold every cell's edits in their order. Slots are sorted by point, so that cells in another
 * order make the same graph.
 */
function slotsOf(cells: readonly (readonly Edit[])[], { points }: Sizes): Slot[] {
	const byPoint = new Map<string, Slot[]>();
	for (const [c, edits] of cells.entries()) {
		const next = new Map<string, number>();
		for (const edit of edits) {
			const slots = byPoint.get(edit.point) ?? [];
			byPoint.set(edit.point, slots);
			const from = next.get(edit.point) ?? 0;
			let at = slots.findIndex((slot, i) => i >= from && slot.structure === edit.structure);
			if (at < 0) {
				at = slots.length;
				slots.push({ point: edit.point, structure: edit.structure, edits: cells.map(() => undefined) });
			}
			(slots[at] as Slot).edits[c] = edit;
			next.set(edit.point, at + 1);
		}
	}
	return points.flatMap(({ name }) => byPoint.get(name) ?? []);
}

/** Inputs under a slot's own names. A point may be reached several times in one trace: an input is made once. */
function siteOf(prefix: string, cells: boolean): Omit<EditSite, "read"> {
	const made = new Map<string, Value>();
	const once = (name: string, make: () => Value, ...parts: unknown[]): Value => {
		const key = JSON.stringify([name, parts]);
		const value = made.get(key) ?? make();
		made.set(key, value);
		return value;
	};
	return {
		cells,
		feed: (name, shape, dtype = "float32") =>
			once(name, () => input(`${prefix}:${name}`, dtype, shape), shape, dtype),
		share: (name, shape) => once(name, () => input(`${prefix}:${name}`, "float32", shape), shape),
		take: (name, at, rest) =>
			once(
				name,
				() => {
					const table = input(`${prefix}:${name}`, "float32", [`${prefix}:${name}`, ...rest]);
					return gather(table, input(`${prefix}:${name}.places`, "int32", at));
				},
				at,
				rest,
			),
	};
}

/** What one cell sees of the run. */
function factsOf(run: RunFacts, cell: number, cells: number): RunFacts {
	if (cells === 1) return run;
	const batch = run.batch / cells;
	const firstRow = cell * batch;
	return {
		...run,
		batch,
		firstRow,
		tokens: run.tokens?.slice(0, firstRow, firstRow + batch),
		mask: run.mask?.slice(0, firstRow, firstRow + batch),
	};
}

/** The inputs of a slot: every cell's part, one after the other. Zeros where a cell has no edit. */
function slotFeeds(prefix: string, { edits }: Slot, facts: readonly RunFacts[]): [string, Tensor][] {
	const parts = edits.map((edit, c) => edit?.feeds(facts[c] as RunFacts));
	const some = parts.find((part) => part !== undefined) as Readonly<Record<string, Part>>;
	return Object.keys(some).flatMap((name) => {
		const own = parts.map((part) => part?.[name]);
		if ("shared" in (some[name] as Part)) return [[`${prefix}:${name}`, (some[name] as Shared).shared]];
		return some[name] instanceof Tensor
			? [[`${prefix}:${name}`, stacked(own as (Tensor | undefined)[])]]
			: takenFeeds(`${prefix}:${name}`, own as (Taken | undefined)[]);
	});
}

/** Tensors of one shape along axis 0. */
function stacked(parts: readonly (Tensor | undefined)[]): Tensor {
	const some = parts.find((part) => part !== undefined) as Tensor;
	if (parts.length === 1) return some;
	const { shape, dtype } = some;
	const all = Tensor.zeros([(shape[0] as number) * parts.length, ...shape.slice(1)], dtype);
	for (const [c, part] of parts.entries())
		if (part) (all.data as Float32Array).set(part.data as Float32Array, c * some.size);
	return all;
}

/** Every table once, one after the other, and the places in what that makes. */
function takenFeeds(name: string, parts: readonly (Taken | undefined)[]): [string, Tensor][] {
	const firstEntry = new Map<Tensor["data"], number>();
	const tables: Tensor<"float32">[] = [];
	let entries = 0;
	for (const part of parts) {
		if (!part || firstEntry.has(part.table.data)) continue;
		firstEntry.set(part.table.data, entries);
		tables.push(part.table);
		entries += part.table.shape[0] as number;
	}
	const [first] = tables as [Tensor<"float32">];
	const rest = first.shape.slice(1);
	const table = tables.length === 1 ? first : Tensor.zeros([entries, ...rest]);
	if (tables.length > 1) {
		for (const { data } of tables) table.data.set(data, (firstEntry.get(data) as number) * sizeOf(rest));
	}
	const places = parts.map((part) => {
		if (!part) return undefined;
		const by = firstEntry.get(part.table.data) as number;
		return new Tensor(
			"int32",
			part.places.shape,
			part.places.data.map((place) => place + by),
		);
	});
	return [
		[name, table],
		[`${name}.places`, stacked(places)],
	];
}

import { sizeOfDims } from "../graph/dim.js";
import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { type RowPositions, rowPositions } from "../metrics/positions.js";
import type { Model } from "../models/model.js";
import type { ModelInput, RunOptions } from "../models/run-options.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";

/** Where a run is read. */
export interface PlaceOptions {
	/** A position or [start, end) of each row's own tokens, padding not counted; negative ones count from its last. Default all. */
	readonly positions?: RowPositions;
	readonly bos?: boolean;
	readonly mask?: RunOptions["mask"];
}

/** The rows of a run and the places in them that are read. */
export interface Places {
	/** Ids int32 [batch, pos], or vectors float32 [batch, pos, width]. */
	readonly input: Tensor<"int32"> | Tensor<"float32">;
	readonly mask?: Tensor<"bool">;
	/** [row][scored]: positions among the row's own tokens. */
	readonly positions: readonly (readonly number[])[];
	/** [row][scored]: where they stand in the row as it is run. */
	readonly places: readonly (readonly number[])[];
	/** What `atPlaces` is fed: int32 [batch, scored], rows of [batch * pos, ..]. */
	readonly feeds: Readonly<Record<string, Tensor>>;
}

const FEED = "lens/places";

/** @throws {LensError} for rows that have different numbers of positions, {MetricError} for positions outside a row */
export function choosePlaces(model: Model, given: ModelInput, options: PlaceOptions): Places {
	const vectors = model.family.tokenWidth !== undefined;
	const packed = vectors ? undefined : model.pack(given, options);
	const input = packed?.tokens ?? given;
	if (!(input instanceof Tensor))
		reject("input", "this model's tokens are vectors: float32 [batch, pos, width]");
	const [batch = 0, pos = 0] = input.shape;
	const mask = packed?.mask;
	const places: number[][] = [];
	const positions: number[][] = [];
	for (let row = 0; row < batch; row++) {
		const own = Array.from({ length: pos }, (_, p) => p).filter((p) => !mask || mask.at(row, p) === 1);
		const chosen = rowPositions(options.positions ?? [0], own.length, `positions of row ${row}`);
		positions.push(chosen);
		places.push(chosen.map((p) => own[p] as number));
	}
	const counts = [...new Set(places.map((row) => row.length))];
	if (counts.length > 1) {
		reject("positions", `rows have ${counts.join(" and ")} of them; choose one that all have, such as -1`);
	}
	const feed = Tensor.from(
		places.map((row, b) => row.map((p) => b * pos + p)),
		"int32",
	);
	return {
		input: input as Places["input"],
		...(mask && { mask }),
		positions,
		places,
		feeds: { [FEED]: feed },
	};
}

/** A value [batch, pos, ..] at the chosen places: [batch, scored, ..]. */
export function atPlaces(value: Value, g: G): Value {
	const [batch, pos, ...rest] = value.shape as [string, string, ...number[]];
	const rows = g.reshape(value, [sizeOfDims([batch, pos]), ...rest]);
	return g.gather(rows, g.input(FEED, "int32", [batch, "scored"]));
}

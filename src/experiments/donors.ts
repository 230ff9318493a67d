import { aligned } from "../causal/align-prompts.js";
import { type Donor, donorPoints } from "../interventions/index.js";
import type { Measure } from "../metrics/index.js";
import { sameRows } from "../metrics/tensor-rows.js";
import type { Model } from "../models/model.js";
import type { Tensor } from "../tensor/index.js";
import { ExperimentError } from "./errors.js";
import type { Experiment, ExperimentData } from "./parse-experiment.js";

/** The donor that is there without being named: the same rows in the unchanged model. */
export const CLEAN = "clean";

type Source = NonNullable<ExperimentData["donors"]>[string];

/** What interventions of an experiment take, recorded as far as they take it, for the rows of a metric. */
export type RecordDonors = (measure: Measure) => Promise<Readonly<Record<string, Donor>>>;

/**
 * @param readDonor reads a file of tensors that the experiment names
 * @throws {ExperimentError} for prompts that have not as many tokens as the rows they are put into
 */
export function recordDonors(
	{ data, name: file }: Experiment,
	readDonor: ((path: string) => Promise<Donor>) | undefined,
	signal: AbortSignal | undefined,
): RecordDonors {
	/** Recorded with the rows that they are of; those of other prompts and of files are of none. */
	const known: { name: string; rows: Tensor | undefined; donor: Promise<Donor> }[] = [];
	const recorded = (name: string, source: Source, names: string[], measure: Measure): Promise<Donor> => {
		const rows = source === "unchanged" ? measure.input : undefined;
		const found = known.find((one) => one.name === name && sameRows(one.rows, rows));
		if (found) return found.donor;
		const donor = record(source, names, measure, signal, readDonor, file);
		known.push({ name, rows, donor });
		return donor;
	};
	return async (measure) => {
		const donors: Record<string, Donor> = {};
		for (const [name, names] of donorPoints(data.interventions, measure.model.sizes)) {
			const source = data.donors?.[name] ?? "unchanged";
			checkLengths(source, name, measure, data, file);
			donors[name] = await recorded(name, source, names, measure);
		}
		return donors;
	};
}

async function record(
	source: Source,
	names: string[],
	{ model, input, mask }: Measure,
	signal: AbortSignal | undefined,
	readDonor: ((path: string) => Promise<Donor>) | undefined,
	file: string,
): Promise<Donor> {
	const options = { names, logits: false, ...(signal && { signal }) };
	if (source === "unchanged") {
		return (await model.runWithCache(input, { ...options, ...(mask && { mask }) })).cache;
	}
	if ("file" in source) {
		if (!readDonor) throw new ExperimentError(`${file}: donor file ${source.file}: there are no files here`);
		return readDonor(source.file);
	}
	return (await model.runWithCache(rowsOf(source, model), options)).cache;
}

/** The rows of ids that a donor is made of. */
function rowsOf({ prompts, ids, bos }: Exclude<Source, string | { file: string }>, model: Model): number[][] {
	if (ids) return ids.map((row) => [...row]);
	const texts = typeof prompts === "string" ? [prompts] : (prompts ?? []);
	return texts.map((text) => [...model.tokenize(text, bos === undefined ? {} : { bos }).ids]);
}

/** Where positions are taken as they are, a donor's rows need the length of those that they are put into. */
function checkLengths(
	source: Source,
	name: string,
	{ model, input, mask }: Measure,
	{ interventions }: ExperimentData,
	file: string,
): void {
	if (typeof source === "string" || "file" in source) return;
	const moved = interventions.every(
		(one) =>
			!("from" in one) || one.from !== name || ("fromPositions" in one && one.fromPositions !== undefined),
	);
	if (moved) return;
	const given = rowsOf(source, model);
	const own = (input.toNested() as number[][]).map((row, r) =>
		row.filter((_, p) => !mask || mask.data[r * row.length + p]),
	);
	for (const [r, row] of own.entries()) {
		const other = given.length === 1 ? given[0] : given[r];
		if (!other || other.length === row.length) continue;
		const [from, [left, right]] = aligned(row, other, (id) => model.tokenizer?.tokenText(id) ?? String(id));
		throw new ExperimentError(
			`${file}: donors.${name}: row ${r} has ${row.length} tokens, but its donor has ${other.length}; both need as many. From token ${from}: row ${left}; donor ${right}`,
		);
	}
}

import { ACROSS_ROWS, differingLengths, rowsOf, unequalLengths } from "../causal/align-prompts.js";
import { type Donor, donorPoints, type Intervention } from "../interventions/index.js";
import type { Measure } from "../metrics/index.js";
import { sameRows } from "../metrics/tensor-rows.js";
import { ModelError } from "../models/family.js";
import type { Model } from "../models/model.js";
import type { Sae } from "../sae/sae.js";
import { counted } from "../shared/counted.js";
import type { Tensor } from "../tensor/index.js";
import { readNamed, reject } from "./named-files.js";
import type { Experiment, ExperimentData } from "./parse-experiment.js";

/** The donor that is there without being named: the same rows in the unchanged model. */
export const CLEAN = "clean";

type Source = NonNullable<ExperimentData["donors"]>[string];

/** What interventions of an experiment take, recorded as far as they take it, for the rows of a metric. */
export type RecordDonors = (measure: Measure) => Promise<Readonly<Record<string, Donor>>>;

/** What donors are recorded with. */
export interface DonorContext {
	readonly dictionaries: Readonly<Record<string, Sae>>;
	/** Reads a file of tensors that the experiment names. */
	readonly readDonor: ((path: string) => Promise<Donor>) | undefined;
	readonly signal: AbortSignal | undefined;
}

/**
 * @throws {ExperimentError} with the place in the file for a donor's file that cannot be read, ids that the model lacks,
 * and prompts that have not as many tokens as the rows they are put into
 */
export function recordDonors(experiment: Experiment, context: DonorContext): RecordDonors {
	const { donors: sources, interventions } = experiment.data;
	/** Recorded with the rows that they are of; those of other prompts and of files are of none. */
	const known: { name: string; rows: Tensor | undefined; donor: Promise<Donor> }[] = [];
	const recorded = (name: string, source: Source, points: string[], measure: Measure): Promise<Donor> => {
		const rows = source === "unchanged" ? measure.input : undefined;
		const found = known.find((one) => one.name === name && sameRows(one.rows, rows));
		if (found) return found.donor;
		const donor = record(experiment, { name, source, points }, measure, context);
		known.push({ name, rows, donor });
		return donor;
	};
	return async (measure) => {
		const donors: Record<string, Donor> = {};
		const sizes = { ...measure.model.sizes, dictionaries: context.dictionaries };
		for (const [name, points] of donorPoints(interventions, sizes)) {
			const source = sources?.[name] ?? "unchanged";
			donors[name] = await placed(experiment, name, source, () => {
				checkLengths(experiment, name, source, measure);
				return recorded(name, source, points, measure);
			});
		}
		return donors;
	};
}

interface Asked {
	readonly name: string;
	readonly source: Source;
	/** Hook points that are recorded. */
	readonly points: string[];
}

async function record(
	experiment: Experiment,
	{ name, source, points }: Asked,
	{ model, input, mask }: Measure,
	{ readDonor, signal }: DonorContext,
): Promise<Donor> {
	const options = { names: points, logits: false, ...(signal && { signal }) };
	if (source === "unchanged") {
		return (await model.runWithCache(input, { ...options, ...(mask && { mask }) })).cache;
	}
	if ("file" in source) return readNamed(experiment, ["donors", name, "file"], source.file, readDonor);
	return (await model.runWithCache(tokensOf(source, model), options)).cache;
}

type Rows = Exclude<Source, string | { file: string }>;

/** Records a donor; what the model says of its rows has their place in the file in front. */
async function placed(
	experiment: Experiment,
	name: string,
	source: Source,
	work: () => Promise<Donor>,
): Promise<Donor> {
	try {
		return await work();
	} catch (error) {
		if (!(error instanceof ModelError) || typeof source === "string") throw error;
		// the model calls them ids, as if they were the experiment's own
		const [, ids, what] = /^(?:ids((?:\[\d+\])+): )?(.*)$/s.exec(error.message) ?? [];
		const places = ids === undefined ? [] : ["ids", ...[...ids.matchAll(/\d+/g)].map(Number)];
		reject(experiment, ["donors", name, ...places], what ?? error.message, error);
	}
}

/** The rows of ids that a donor is made of. */
function tokensOf({ prompts, ids, bos }: Rows, model: Model): number[][] {
	return rowsOf(model, ids ?? prompts ?? [], bos);
}

/**
 * Where positions are taken as they are, a donor's rows need the length of those that they are put into; where it is gone
 * across them, that of each other.
 */
function checkLengths(experiment: Experiment, name: string, source: Source, measure: Measure): void {
	if (typeof source === "string" || "file" in source) return;
	const takers = experiment.data.interventions.filter((one) => "from" in one && one.from === name);
	const place = ["donors", name, source.ids ? "ids" : "prompts"];
	const { model } = measure;
	const given = tokensOf(source, model);
	const across = takers.find(({ kind }) => ACROSS_ROWS.has(kind));
	const unequal = across && unequalLengths(model, given);
	if (unequal)
		reject(experiment, place, `${across.kind} goes across rows, which need equal lengths: ${unequal}`);
	if (!takers.some(takesPositions)) return;
	const own = rowsOf(model, measure.input, undefined, measure.mask);
	const others = own.map((row, r) => (given.length === 1 ? given[0] : given[r]) ?? row);
	const found = differingLengths(model, own, others, ["row", "donor"]);
	if (found === undefined) return;
	const { row, lengths, shown } = found;
	reject(
		experiment,
		[...place, ...(typeof source.prompts === "string" ? [] : [given.length === 1 ? 0 : row])],
		`${counted(lengths[1], "token")}, but row ${row} has ${lengths[0]}, and both need as many; ${shown}`,
	);
}

/** Whether an intervention takes its donor's values at the positions that they are put to. */
function takesPositions(one: Intervention): boolean {
	if (one.kind === "mean") return one.over !== "batch-and-pos";
	return one.kind !== "patch" || one.fromPositions === undefined;
}

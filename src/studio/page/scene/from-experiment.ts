import type { Intervention } from "headscope";
import type { ExperimentData } from "headscope/experiments";
import { EXPERIMENT, type ExperimentPart } from "./experiment-part.js";
import type { Donor, Scene } from "./scene.js";

/** Prompts that a scene holds side by side. */
const MOST_PROMPTS = 8;

/** An experiment as parts of a scene, and what of it the page does not show. */
export interface OpenedExperiment {
	readonly scene: Partial<Scene>;
	readonly notes: readonly string[];
}

/**
 * What opening an experiment makes of a scene: its model, prompts, interventions, donors and metrics. Rows that are no
 * texts are kept for its metrics, beside the prompts that are there.
 * @throws {Error} for an experiment about a regression run, which is no language model
 */
export function fromExperiment(data: ExperimentData, before: Scene): OpenedExperiment {
	const { model, run, prompts, bos, interventions, metrics, title, bootstrap } = data;
	if (model === undefined)
		throw new Error(
			`it is about the regression run "${run}", and the page opens experiments about models; headscope run carries it out`,
		);
	const notes: string[] = [];
	const texts = prompts === undefined ? undefined : [prompts].flat();
	const shown = texts?.slice(0, MOST_PROMPTS);
	if (texts && texts.length > MOST_PROMPTS)
		notes.push(
			`the first ${MOST_PROMPTS} of ${texts.length} prompts are shown; metrics are measured on all of them`,
		);
	const given = texts === undefined ? madeRows(data) : texts.length > MOST_PROMPTS ? { prompts: texts } : {};
	const beside = shown ?? [...before.prompts];
	if (texts === undefined)
		notes.push(
			`its rows (${Object.keys(given).join(", ") || "samples of each metric"}) are no texts: metrics are measured on them, and the prompts stay`,
		);
	const part: ExperimentPart = {
		...(title !== undefined && { title }),
		metrics,
		...(bootstrap && { bootstrap }),
		...((texts === undefined || Object.keys(given).length > 0) && { rows: { beside, given } }),
	};
	return {
		scene: {
			model,
			...(model !== before.model && { head: "", pins: [] }),
			prompts: beside,
			bos: bos ?? null,
			changes: interventions.map((one) => ({ on: true, data: byFolder(one, data.dictionaries) })),
			donors: donorsOf(data, notes),
			token: null,
			views: { ...before.views, [EXPERIMENT]: part },
		},
		notes,
	};
}

/** Rows of ids, of a text file, or that are made. */
function madeRows({ ids, mask, period, text, samples }: ExperimentData): Record<string, unknown> {
	const given = { ids, mask, period, text, samples };
	return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** A page calls an autoencoder by its folder, as the engine that reads it does. */
function byFolder(one: Intervention, dictionaries: ExperimentData["dictionaries"]): Intervention {
	if (one.kind !== "sae") return one;
	return { ...one, dictionary: dictionaries?.[one.dictionary] ?? one.dictionary };
}

function donorsOf({ donors = {} }: ExperimentData, notes: string[]): Scene["donors"] {
	const found: Record<string, Donor> = {};
	for (const [name, donor] of Object.entries(donors)) {
		if (typeof donor === "string") found[name] = donor;
		else if ("file" in donor)
			notes.push(`donor "${name}" is the file ${donor.file}, which a page cannot read; headscope run can`);
		else {
			const { prompts, ids, bos } = donor;
			found[name] = {
				...(prompts !== undefined && { prompts: [prompts].flat() }),
				...(ids && { ids: ids.map((row) => [...row]) }),
				...(bos !== undefined && { bos }),
			};
		}
	}
	return found;
}

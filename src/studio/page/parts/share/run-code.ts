import type { Intervention } from "headscope";
import type { Donor, Scene } from "../../scene/scene.js";
import { chosenOf } from "../chosen-prompt.js";

/** Parts of a program that changes what it runs. */
export interface ChangesCode {
	/** Import lines. */
	readonly imports: readonly string[];
	/** Lines behind the model's that make the list and `donors`, where there are any. */
	readonly lines: readonly string[];
	/** What of these goes into the options of a run: "interventions", "donors". */
	readonly options: readonly string[];
}

/** What is changed of which rows. */
export interface CodeChanges {
	readonly interventions: readonly unknown[];
	readonly donors: Readonly<Record<string, unknown>>;
	/** As code: what donors that are the run itself are recorded of. */
	readonly rows: string;
	readonly bos?: boolean | undefined;
	/** What the list is called. Default "interventions" */
	readonly name?: string;
}

/** The part of a program that makes changes, for views that show the library call that makes them; donors are recorded as the page does. */
export function changesCode({
	interventions,
	donors,
	rows,
	bos,
	name: list = "interventions",
}: CodeChanges): ChangesCode {
	if (interventions.length === 0) return { imports: [], lines: [], options: [] };
	const made = `const ${list} = ${JSON.stringify(interventions)};`;
	const taken = new Set(
		(interventions as Intervention[]).flatMap((one) => ("from" in one ? [String(one.from)] : [])),
	);
	if (taken.size === 0) return { imports: [], lines: [made], options: [list] };
	const recorded = ["names", "logits: false", ...(bos === undefined ? [] : [`bos: ${bos}`])].join(", ");
	return {
		imports: ['import { donorPoints } from "headscope/interventions";'],
		lines: [
			made,
			"const sources = {",
			...[...taken].map((name) => `\t${JSON.stringify(name)}: ${rowsCode(donors[name] as Donor, rows)},`),
			"};",
			"const donors = {};",
			`for (const [name, names] of donorPoints(${list}, model.sizes))`,
			`\tdonors[name] = (await model.runWithCache(sources[name], { ${recorded} })).cache;`,
		],
		options: [list, "donors"],
	};
}

/** Parts of a program that runs the scene's model as the page does. */
export interface RunCode extends ChangesCode {
	/** Lines that open the model, and make `interventions` and `donors` where there are any. */
	readonly lines: readonly string[];
	/** What goes into the options of a run: `bos: true`, `interventions`, `donors`. */
	readonly options: readonly string[];
	/** The chosen prompt, as code. */
	readonly prompt: string;
}

/** A program's beginning. */
export function runCode(scene: Scene): RunCode {
	const prompt = JSON.stringify(scene.prompts[chosenOf(scene)] ?? "");
	const interventions = scene.changes.filter(({ on }) => on).map(({ data }) => data);
	const bos = scene.bos ?? undefined;
	const changes = changesCode({ interventions, donors: scene.donors, rows: prompt, bos });
	return {
		imports: ['import { loadModel } from "headscope";', ...changes.imports],
		lines: [`const model = await loadModel(${JSON.stringify(scene.model)});`, ...changes.lines],
		options: [...(bos === undefined ? [] : [`bos: ${bos}`]), ...changes.options],
		prompt,
	};
}

/** The rows of a donor; "clean" and "unchanged" are the run's own. */
function rowsCode(donor: Donor | undefined, rows: string): string {
	if (donor === undefined || donor === "unchanged") return rows;
	return JSON.stringify(donor.ids ?? donor.prompts ?? []);
}

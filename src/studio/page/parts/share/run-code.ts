import type { Intervention } from "headscope";
import type { Donor, Scene } from "../../scene/scene.js";
import { chosenOf } from "../chosen-prompt.js";

/** Parts of a program that changes what it runs. */
export interface ChangesCode {
	/** Import lines. */
	readonly imports: readonly string[];
	/** Lines behind the model's that make the list, `dictionaries` and `donors`, where there are any. */
	readonly lines: readonly string[];
	/** What of these goes into the options of a run: "interventions", "donors", "dictionaries". */
	readonly options: readonly string[];
}

/** What is changed of which rows. */
export interface CodeChanges {
	readonly interventions: readonly unknown[];
	/** Those that do not fit are left out, as they are of what is shown. Default none. */
	readonly refused?: readonly { readonly data: unknown }[] | undefined;
	readonly donors: Readonly<Record<string, unknown>>;
	/** As code: what donors that are the run itself are recorded of. */
	readonly rows: string;
	readonly bos?: boolean | undefined;
	/** What the list is called. Default "interventions" */
	readonly name?: string;
}

/** The part of a program that makes changes, for views that show the library call that makes them; donors are recorded as the page does. */
export function changesCode({
	interventions: given,
	refused = [],
	donors,
	rows,
	bos,
	name: list = "interventions",
}: CodeChanges): ChangesCode {
	const left = new Set(refused.map(({ data }) => JSON.stringify(data)));
	const interventions = given.filter((one) => !left.has(JSON.stringify(one)));
	if (interventions.length === 0) return { imports: [], lines: [], options: [] };
	const all = interventions as Intervention[];
	const read = new Set(all.flatMap((one) => (one.kind === "sae" ? [one.dictionary] : [])));
	const taken = new Set(all.flatMap((one) => ("from" in one ? [String(one.from)] : [])));
	const recorded = ["names", "logits: false", ...(bos === undefined ? [] : [`bos: ${bos}`])].join(", ");
	const sizes = read.size > 0 ? "{ ...model.sizes, dictionaries }" : "model.sizes";
	return {
		imports: [
			...(read.size > 0 ? ['import { loadSae } from "headscope/sae";'] : []),
			...(taken.size > 0 ? ['import { donorPoints } from "headscope/interventions";'] : []),
		],
		lines: [
			`const ${list} = ${JSON.stringify(interventions)};`,
			...block("const dictionaries = {", [...read], (folder) => `await loadSae(${JSON.stringify(folder)})`),
			...block("const sources = {", [...taken], (name) => rowsCode(donors[name] as Donor, rows)),
			...(taken.size > 0
				? [
						"const donors = {};",
						`for (const [name, names] of donorPoints(${list}, ${sizes}))`,
						`\tdonors[name] = (await model.runWithCache(sources[name], { ${recorded} })).cache;`,
					]
				: []),
		],
		options: [list, ...(taken.size > 0 ? ["donors"] : []), ...(read.size > 0 ? ["dictionaries"] : [])],
	};
}

/** Lines of an object by its keys; none where it has none. */
function block(head: string, keys: readonly string[], write: (key: string) => string): string[] {
	if (keys.length === 0) return [];
	return [head, ...keys.map((key) => `\t${JSON.stringify(key)}: ${write(key)},`), "};"];
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

/** A program's beginning. @param refused changes that do not fit */
export function runCode(scene: Scene, refused: CodeChanges["refused"]): RunCode {
	const prompt = JSON.stringify(scene.prompts[chosenOf(scene)] ?? "");
	const interventions = scene.changes.filter(({ on }) => on).map(({ data }) => data);
	const bos = scene.bos ?? undefined;
	const changes = changesCode({ interventions, refused, donors: scene.donors, rows: prompt, bos });
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

import type { Donor, Scene } from "../../scene/scene.js";
import { chosenOf } from "../chosen-prompt.js";

/** Parts of a program that runs the scene's model as the page does. */
export interface RunCode {
	/** Import lines. */
	readonly imports: readonly string[];
	/** Lines that open the model, and make `interventions` and `donors` where there are any. */
	readonly lines: readonly string[];
	/** What goes into the options of a run: `bos: true`, `interventions`, `donors`. */
	readonly options: readonly string[];
	/** The chosen prompt, as code. */
	readonly prompt: string;
}

/** A program's beginning, for views that show the library call that makes them; `donors` are recorded as the page does. */
export function runCode(scene: Scene): RunCode {
	const prompt = JSON.stringify(scene.prompts[chosenOf(scene)] ?? "");
	const interventions = scene.changes.filter(({ on }) => on).map(({ data }) => data);
	const names = new Set(interventions.flatMap((one) => ("from" in one ? [String(one.from)] : [])));
	const rows = [...names].map(
		(name) => `\t${JSON.stringify(name)}: ${rowsCode(scene.donors[name], prompt)},`,
	);
	const hasDonors = names.size > 0;
	return {
		imports: [
			'import { loadModel } from "headscope";',
			...(hasDonors ? ['import { donorPoints } from "headscope/interventions";'] : []),
		],
		lines: [
			`const model = await loadModel(${JSON.stringify(scene.model)});`,
			...(interventions.length > 0 ? [`const interventions = ${JSON.stringify(interventions)};`] : []),
			...(hasDonors
				? [
						"const sources = {",
						...rows,
						"};",
						"const donors = {};",
						"for (const [name, names] of donorPoints(interventions, model.sizes))",
						"\tdonors[name] = (await model.runWithCache(sources[name], { names, logits: false })).cache;",
					]
				: []),
		],
		options: [
			...(scene.bos === null ? [] : [`bos: ${scene.bos}`]),
			...(interventions.length > 0 ? ["interventions"] : []),
			...(hasDonors ? ["donors"] : []),
		],
		prompt,
	};
}

/** The rows of a donor; "clean" and "unchanged" are the prompt itself. */
function rowsCode(donor: Donor | undefined, prompt: string): string {
	if (donor === undefined || donor === "unchanged") return prompt;
	return JSON.stringify(donor.ids ?? donor.prompts ?? []);
}

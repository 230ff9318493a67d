import { Tensor } from "headscope";
import { scoreGrid } from "headscope/figures";
import type { HeadScores } from "headscope/scores";
import type { Refused } from "../../../service/refused.js";
import type { ParamsOf } from "../../../service/registry.js";
import { changesCode } from "../../parts/share/run-code.js";
import type { Scene } from "../../scene/scene.js";

/** Every head's score as a figure: layers down, heads across. */
export function rankingFigure({ score, values }: HeadScores, model: string): string {
	return scoreGrid({ values: Tensor.from(values), title: `${score} of ${model}`, measure: score });
}

/** The ranking as a table, every head of it. */
export function rankingTable({ ranking, score }: HeadScores): (string | number)[][] {
	const [first] = ranking;
	const beside = (["control", "lift", "low", "high"] as const).filter((name) => first?.[name] !== undefined);
	return [
		["head", score, ...beside],
		...ranking.map((one) => [one.head, one.score, ...beside.map((name) => one[name] ?? "")]),
	];
}

/**
 * What ranks the heads, as the library's users write it.
 * @param beside the scene's donors, which are rows of the prompts' length, and changes that were left out
 */
export function rankingCode(
	{ model, prompts, bos, interventions = [] }: ParamsOf<"score">,
	{ score, samples, seed }: HeadScores,
	beside: { readonly donors: Scene["donors"]; readonly refused: readonly Refused[] },
): string {
	const changes = changesCode({ interventions, ...beside, rows: JSON.stringify(prompts), bos });
	const put = bos === undefined ? "" : `, { bos: ${bos} }`;
	const rows = prompts
		? [`ids: ${JSON.stringify(prompts)}.map((text) => [...model.tokenize(text${put}).ids])`]
		: [`samples: ${samples}`, `seed: ${seed}`, ...(bos === undefined ? [] : [`bos: ${bos}`])];
	const run = changes.options.length === 0 ? [] : [`run: { ${changes.options.join(", ")} }`];
	return [
		'import { loadModel } from "headscope";',
		...changes.imports,
		'import { scoreHeads } from "headscope/scores";',
		"",
		`const model = await loadModel(${JSON.stringify(model)});`,
		...changes.lines,
		`const { ranking } = await scoreHeads(model, ${JSON.stringify(score)}, { ${[...rows, ...run].join(", ")} });`,
		"console.log(JSON.stringify(ranking));",
		"await model.dispose();",
		"",
	].join("\n");
}

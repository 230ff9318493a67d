import type { ParamsOf } from "../../../service/registry.js";
import type { AskedTokens } from "../../../service/work/metric-of.js";
import type { HeadSweep } from "../../../service/work/sweep-heads.js";
import { changesCode } from "../../parts/share/run-code.js";
import type { Scene } from "../../scene/scene.js";

/**
 * What makes the ablations' map, as the library's users write it.
 * @param donors of the scene: rows of the prompts' length. Those of drawn rows are told by the sweep
 */
export function ablationCode(
	params: ParamsOf<"sweepHeads">,
	found: HeadSweep | undefined,
	donors: Scene["donors"],
): string {
	const { model, prompts = [], bos, repeat, kind, metric, answers, wrong, interventions = [] } = params;
	const asked = {
		answers: answers ?? textsOf(found?.answers) ?? "(the likeliest next token)",
		...(metric === "logit-difference" && { wrong: wrong ?? textsOf(found?.wrong) ?? "(another token)" }),
	};
	const isLoss = metric === "loss" || metric === "induction-loss";
	const rows = {
		...(repeat ? { task: "repeat", ...repeat } : { prompts }),
		...(bos !== undefined && { bos }),
	};
	const base = changesCode({
		interventions,
		refused: found?.refused,
		donors: repeat ? (found?.sources ?? {}) : donors,
		rows: repeat ? "measure.input" : JSON.stringify(prompts),
		bos,
		name: "base",
	});
	// donors that are the drawn rows themselves are recorded of them
	const drawn = repeat !== undefined && base.options.includes("donors");
	const own = literal(
		drawn ? { kind } : { ...rows, kind, metric: isLoss ? metric : { kind: metric, ...asked } },
	);
	const all = base.options.length === 0 ? own : `{ ...${own}, ${base.options.join(", ")} }`;
	return [
		'import { loadModel } from "headscope";',
		'import { ablateHeads } from "headscope/causal";',
		...(drawn ? ['import { measuring } from "headscope/metrics";'] : []),
		...base.imports,
		"",
		`const model = await loadModel(${JSON.stringify(model)});`,
		...(drawn
			? [`const measure = await measuring(model, ${JSON.stringify(metric)}, ${literal(rows)});`]
			: []),
		...base.lines,
		`const { change, ranking } = await ablateHeads(${drawn ? "measure" : "model"}, ${all});`,
		"console.log(ranking.slice(0, 5));",
		"await model.dispose();",
		"",
	].join("\n");
}

/** What makes the patches' map, and its estimate. */
export function patchCode(params: ParamsOf<"sweepPatch">, found: AskedTokens | undefined): string {
	const { model, prompts = [], bos, at, position, metric, answers, wrong } = params;
	const pair = {
		clean: prompts[0],
		corrupt: prompts[1],
		...(bos !== undefined && { bos }),
		metric: {
			kind: metric,
			answers: answers ?? textsOf(found?.answers) ?? "(what follows the clean prompt)",
			...(metric === "logit-difference" && {
				wrong: wrong ?? textsOf(found?.wrong) ?? "(what follows the corrupted one)",
			}),
		},
	};
	const where = { at, ...(position !== undefined && { by: "position", positions: [position] }) };
	return [
		'import { loadModel } from "headscope";',
		'import { attributionPatching, patchActivations } from "headscope/causal";',
		"",
		`const model = await loadModel(${JSON.stringify(model)});`,
		`const pair = ${literal(pair)};`,
		`const { effects } = await patchActivations(model, { ...pair, ...${literal(where)} });`,
		`const { points } = await attributionPatching(model, { ...pair, at: [${JSON.stringify(at)}] });`,
		"console.log(effects.toNested(), points);",
		"await model.dispose();",
		"",
	].join("\n");
}

/** The tokens that a sweep took by itself: one, or one for each row. */
function textsOf(tokens: AskedTokens["answers"] = []): string | string[] | undefined {
	const [first, more] = tokens;
	return more ? tokens.map(({ text }) => text) : first?.text;
}

/** Plain data as TypeScript has it. */
function literal(value: unknown): string {
	return JSON.stringify(value, undefined, "\t").replaceAll(/^(\t+)"([A-Za-z_]\w*)":/gm, "$1$2:");
}

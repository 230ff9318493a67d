import { interventionsOf, type RegressionState } from "./regression-state.js";

/** The program that makes the predictions. */
export function predictionCode(state: RegressionState, step: number): string {
	return [
		...opening(state, step, ["dmmse", "ridge"]),
		"",
		"const noiseVariance = run.pretrainDist.noiseVariance;",
		"const { tasks } = run.pretrainDist.prior;",
		`console.log("model", (await run.model.predict(xs, ys${optionsOf(state)})).toNested());`,
		'console.log("ridge", ridge({ xs, ys, noiseVariance }).predictions.toNested());',
		'if (tasks) console.log("dMMSE", dmmse({ xs, ys, noiseVariance, tasks }).predictions.toNested());',
		"",
	].join("\n");
}

/** The program that makes the patterns. */
export function patternCode(state: RegressionState, step: number): string {
	return [
		...opening(state, step),
		"",
		`const { cache } = await run.model.runWithCache(xs, ys${optionsOf(state)});`,
		"for (let layer = 0; layer < run.model.config.nLayers; layer++)",
		'	console.log(cache.get("pattern", layer).toNested()); // [sequence, head, query, key]',
		"",
	].join("\n");
}

/** The program that makes an activation. */
export function activationCode(state: RegressionState, step: number): string {
	const names = JSON.stringify([state.location]);
	const given = state.location === "x" || state.location === "y";
	const { changes } = state;
	const options = Object.keys(changes).length === 0 ? "" : `, interventions: ${interventionText(state)}`;
	return [
		...opening(state, step),
		"",
		...(given
			? [`console.log(${state.location}s.toNested());`]
			: [
					`const { cache } = await run.model.runWithCache(xs, ys, { names: ${names}${options} });`,
					`console.log(cache.get(${JSON.stringify(state.location)}).toNested());`,
				]),
		"",
	].join("\n");
}

/** The program that makes the metrics. */
export function metricsCode(state: RegressionState, step: number): string {
	const changed = Object.keys(state.changes).length > 0;
	return [
		'import { resolveRun } from "headscope/node";',
		...(changed ? ['import { relativeChange } from "headscope/patching";'] : []),
		"",
		`await using run = await resolveRun(${JSON.stringify(`${state.run}@${step}`)});`,
		"const before = (await run.evaluate()).metrics;",
		...(changed
			? [
					`const interventions = ${interventionText(state)};`,
					"const after = (await run.evaluate((xs, ys) => run.model.predict(xs, ys, { interventions }))).metrics;",
					"console.log(relativeChange(before, after));",
				]
			: ["console.log(before);"]),
		"",
	].join("\n");
}

/** @param needs what else the program needs of "headscope/icl" */
function opening(state: RegressionState, step: number, needs: readonly string[] = []): string[] {
	const { probe, seed, tasks, xs, ys } = state;
	const own = probe === "edited" ? [] : [...(probe === "random" ? [] : ["basisBatch"]), "TorchRandom"];
	const names = [...own, ...needs].sort((a, b) => a.localeCompare(b));
	return [
		...(probe === "edited" ? ['import { Tensor } from "headscope";'] : []),
		...(names.length > 0 ? [`import { ${names.join(", ")} } from "headscope/icl";`] : []),
		'import { resolveRun } from "headscope/node";',
		"",
		`await using run = await resolveRun(${JSON.stringify(`${state.run}@${step}`)});`,
		...{
			edited: [
				`const xs = Tensor.from([${JSON.stringify(xs)}]);`,
				`const ys = Tensor.from([${JSON.stringify(ys.map((y) => [y]))}]);`,
			],
			random: [
				`const sequences = run.${tasks === "pretrain" ? "pretrainDist" : "trueDist"};`,
				`const { xs, ys } = sequences.getBatch(run.model.config.maxExamples, 4, new TorchRandom(${seed}));`,
			],
			basis: [
				"const { prior, noiseVariance: variance } = run.pretrainDist;",
				"const task = prior.tasks.select(0);",
				`const { xs, ys } = basisBatch(task, run.model.config.maxExamples, Math.sqrt(variance), new TorchRandom(${seed}));`,
			],
		}[probe],
	];
}

function optionsOf(state: RegressionState): string {
	return Object.keys(state.changes).length === 0 ? "" : `, { interventions: ${interventionText(state)} }`;
}

function interventionText({ changes }: RegressionState): string {
	return JSON.stringify(interventionsOf(changes));
}

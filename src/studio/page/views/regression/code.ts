import { interventionsOf, type RegressionState } from "./regression-state.js";

/** The program that makes the predictions. */
export function predictionCode(state: RegressionState, step: number): string {
	return [
		...opening(state, step, ["dmmse", "ridge"]),
		"",
		"const noiseVariance = run.pretrainDist.noiseVariance;",
		"const { tasks } = run.pretrainDist.prior;",
		`const predictions = await run.model.predict(xs, ys${optionsOf(state)});`,
		'console.log("model", JSON.stringify(predictions.toNested()));',
		'console.log("ridge", JSON.stringify(ridge({ xs, ys, noiseVariance }).predictions.toNested()));',
		"if (tasks)",
		'	console.log("dMMSE", JSON.stringify(dmmse({ xs, ys, noiseVariance, tasks }).predictions.toNested()));',
		"await run.dispose();",
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
		'	console.log(JSON.stringify(cache.get("pattern", layer).toNested())); // [sequence][head][query][key]',
		"await run.dispose();",
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
			? [`console.log(JSON.stringify(${state.location}s.toNested()));`]
			: [
					`const { cache } = await run.model.runWithCache(xs, ys, { names: ${names}${options} });`,
					`console.log(JSON.stringify(cache.get(${JSON.stringify(state.location)}).toNested()));`,
				]),
		"await run.dispose();",
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
		`const run = await resolveRun(${JSON.stringify(`${state.run}@${step}`)});`,
		"const before = (await run.evaluate()).metrics;",
		...(changed
			? [
					`const interventions = ${interventionText(state)};`,
					"const after = (await run.evaluate((xs, ys) => run.model.predict(xs, ys, { interventions }))).metrics;",
					"console.log(JSON.stringify(relativeChange(before, after)));",
				]
			: ["console.log(JSON.stringify(before));"]),
		"await run.dispose();",
		"",
	].join("\n");
}

/** @param needs what else the program needs of "headscope/icl" */
function opening(state: RegressionState, step: number, needs: readonly string[] = []): string[] {
	const { seed, tasks, xs, ys } = state;
	// an address may say "edited" and bring no numbers
	const probe = state.probe === "edited" && xs.length === 0 ? "basis" : state.probe;
	const own = probe === "edited" ? [] : [...(probe === "random" ? [] : ["basisBatch"]), "TorchRandom"];
	const names = [...own, ...needs].sort((a, b) => a.localeCompare(b));
	return [
		...(probe === "edited" ? ['import { Tensor } from "headscope";'] : []),
		...(names.length > 0 ? [`import { ${names.join(", ")} } from "headscope/icl";`] : []),
		'import { resolveRun } from "headscope/node";',
		"",
		`const run = await resolveRun(${JSON.stringify(`${state.run}@${step}`)});`,
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

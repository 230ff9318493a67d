/**
 * What carries the outcome's experiment out, as the library's users write it.
 * @param experiment its data, as `headscope run` takes them
 */
export function outcomeCode(experiment: Readonly<Record<string, unknown>>): string {
	const reads = "dictionaries" in experiment;
	return [
		'import { loadModel } from "headscope";',
		'import { parseExperiment, runExperiment } from "headscope/experiments";',
		...(reads ? ['import { loadSae } from "headscope/sae";'] : []),
		"",
		`const experiment = parseExperiment(JSON.stringify(${JSON.stringify(experiment, undefined, "\t")}));`,
		`const host = { loadModel, ${reads ? "loadDictionary: loadSae, " : ""}versions: {} };`,
		"const { metrics } = await runExperiment(experiment, host);",
		"for (const { metric, before, after, change } of metrics) console.log(metric, before, after, change);",
		"",
	].join("\n");
}

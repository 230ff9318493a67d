import type { ReadingRun } from "./run-params.js";

/** What makes the lens' table, as the library's users write it. */
export function lensCode(run: ReadingRun, at: readonly string[], answers: string): string {
	return call(
		run,
		"logitLens",
		{ at, top: 5, answers },
		"const { labels, top, answer } =",
		"console.log(labels, top?.ids.toNested(), answer?.logProbs.toNested());",
	);
}

/** What takes a logit apart, as the library's users write it. */
export function attributionCode(
	run: ReadingRun,
	by: "component" | "head" | "neuron",
	options: { readonly answers: string; readonly wrong?: string; readonly positions: number },
): string {
	return call(
		run,
		"directAttribution",
		{ by, ...options },
		"const { parts, values, total } =",
		"console.log(parts.map(({ label }, i) => [label, values.at(i, 0, 0)]), total.at(0, 0));",
	);
}

function call(
	{ model, prompts = [], bos, interventions, donors }: ReadingRun,
	name: string,
	options: object,
	result: string,
	print: string,
): string {
	const changed = interventions.length > 0;
	const own = JSON.stringify({ ...options, ...(bos !== undefined && { bos }) });
	return [
		'import { loadModel } from "headscope";',
		`import { ${name} } from "headscope/lens";`,
		"",
		`const model = await loadModel(${JSON.stringify(model)});`,
		...(changed ? [`const interventions = ${JSON.stringify(interventions)};`] : []),
		...(changed && donors
			? [`// donors are recorded with model.runWithCache: ${JSON.stringify(donors)}`]
			: []),
		`${result} await ${name}(model, ${JSON.stringify(prompts[0] ?? "")}, ${
			changed ? `{ ...${own}, run: { interventions } }` : own
		});`,
		print,
		"await model.dispose();",
		"",
	].join("\n");
}

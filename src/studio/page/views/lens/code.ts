import type { Refused } from "../../../service/refused.js";
import { changesCode } from "../../parts/share/run-code.js";
import type { ReadingRun } from "./run-params.js";

/** What was run, and the changes that were left out. */
interface CodeRun extends ReadingRun {
	readonly refused?: readonly Refused[];
}

/** What makes the lens' table, as the library's users write it. */
export function lensCode(run: CodeRun, at: readonly string[], answers: string): string {
	return call(
		run,
		"logitLens",
		{ at, top: 5, answers },
		"const { labels, top, answer } =",
		"const [ids, logProbs] = [top?.ids.toNested(), answer?.logProbs.toNested()];\nconsole.log(JSON.stringify({ labels, ids, logProbs })); // [point][row][position]",
	);
}

/** What takes a logit apart, as the library's users write it. */
export function attributionCode(
	run: CodeRun,
	by: "component" | "head" | "neuron",
	options: { readonly answers: string; readonly wrong?: string; readonly positions: number },
): string {
	return call(
		run,
		"directAttribution",
		{ by, ...options },
		"const { parts, values, total } =",
		"const added = parts.map(({ label }, i) => [label, values.at(i, 0, 0)]);\nconsole.log(JSON.stringify({ added, total: total.at(0, 0) }));",
	);
}

function call(
	{ model, prompts = [], bos, interventions, refused, donors = {} }: CodeRun,
	name: string,
	asked: object,
	result: string,
	print: string,
): string {
	const prompt = JSON.stringify(prompts[0] ?? "");
	const changes = changesCode({ interventions, refused, donors, rows: prompt, bos });
	const own = JSON.stringify({ ...asked, ...(bos !== undefined && { bos }) });
	const run = changes.options.join(", ");
	const options = run === "" ? own : `{ ...${own}, run: { ${run} } }`;
	return [
		'import { loadModel } from "headscope";',
		...changes.imports,
		`import { ${name} } from "headscope/lens";`,
		"",
		`const model = await loadModel(${JSON.stringify(model)});`,
		...changes.lines,
		`${result} await ${name}(model, ${prompt}, ${options});`,
		print,
		"await model.dispose();",
		"",
	].join("\n");
}

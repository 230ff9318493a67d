import type { Phase } from "../../../service/checkpoint-host.js";

/** The program that measures a training. @param ref "demo", or a regression run: "M=64" */
export function phaseCode(ref: string, { scores }: Phase): string {
	const names = JSON.stringify(Object.keys(scores));
	const scored = [
		`	const scores = await scoreHeads(at, ${names});`,
		"	for (const [name, { ranking }] of scores) console.log(step, name, ranking[0]?.head, ranking[0]?.score);",
		"	await at.dispose();",
		"}",
	];
	if (ref.startsWith("M="))
		return [
			'import { resolveRun } from "headscope/node";',
			'import { scoreHeads } from "headscope/scores";',
			"",
			`const run = await resolveRun(${JSON.stringify(ref)});`,
			"for (const step of await run.steps()) {",
			"	const at = await run.at(step);",
			...scored,
			"await run.dispose();",
			"",
		].join("\n");
	return [
		'import { loadModel } from "headscope";',
		'import { checkpointSteps } from "headscope/node";',
		'import { scoreHeads } from "headscope/scores";',
		"",
		`for (const step of await checkpointSteps(${JSON.stringify(ref)})) {`,
		`	const at = await loadModel(${JSON.stringify(`${ref}@`)} + step);`,
		...scored,
		"",
	].join("\n");
}

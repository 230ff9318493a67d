// Writes what the studio's page, which cannot list a folder, has to know of the package's trainings: which checkpoints
// there are and what was measured at them, as `headscope phase --json` prints it.
//
//   npm run build && node scripts/list-checkpoints.mjs

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readSweep, resolveRun } from "../dist/node.js";
import { getSweepConfigs, numTasks, plain } from "../dist/train/index.js";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const assets = fileURLToPath(new URL("../assets", import.meta.url));

/** The phase of a training, without its name and the file that was not written. */
const phaseOf = (ref) => {
	const text = execFileSync(process.execPath, [main, "phase", ref, "--json"], { encoding: "utf8" });
	const { samples, seed, steps, loss, scores } = JSON.parse(text);
	return { samples, seed, steps, ...(loss && { loss }), scores };
};

for (const model of ["demo", "demo-llama"]) {
	writeFileSync(`${assets}/${model}/phase.json`, `${JSON.stringify(phaseOf(model))}\n`);
}

const runs = [];
for (const { given, config } of getSweepConfigs(await readSweep("demo-sweep.yaml"))) {
	const label = `M=${numTasks(config)}`;
	const phase = phaseOf(label);
	const metrics = {};
	const run = await resolveRun(label);
	for (const step of phase.steps) {
		const at = await run.at(step);
		for (const [name, value] of Object.entries((await at.evaluate()).metrics)) {
			metrics[name] = [...(metrics[name] ?? []), Number(value.toPrecision(7))];
		}
		await at.dispose();
	}
	await run.dispose();
	runs.push({ label, settings: plain(given), phase, metrics });
	console.log(`${label}: ${phase.steps.length} checkpoints`);
}
writeFileSync(`${assets}/runs/runs.json`, `${JSON.stringify(runs)}\n`);

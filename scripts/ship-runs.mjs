// Copies trained runs into the package, as small as they can be: a few checkpoints, evenly spaced in log time, without
// the optimizer's vectors (so they can be restored, not gone on from), and the logs as CSV.
//
//   npx headscope sweep run demo-sweep.yaml --out FOLDER     (some hours)
//   node scripts/ship-runs.mjs FOLDER

import {
	copyFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { readSafetensors, writeSafetensors } from "../dist/weights/index.js";

const STEPS = [0, 525, 1640, 5125, 16008, 49999];
const LOGS = ["loss.csv", "metrics.csv"];
/** What a training checkpoint calls its optimizer's vectors. */
const OPTIMIZER = /^optimizer\./;

const [source] = process.argv.slice(2);
if (!source) throw new Error("usage: node scripts/ship-runs.mjs FOLDER");
const runs = `${source}/checkpoints/icl`;
const shipped = fileURLToPath(new URL("../assets/runs/checkpoints/icl", import.meta.url));
rmSync(shipped, { recursive: true, force: true });

for (const run of readdirSync(runs).sort()) {
	const last = `${runs}/${run}/${STEPS.at(-1)}.safetensors`;
	if (!existsSync(last)) {
		console.error(`${run}: not finished, left out`);
		continue;
	}
	mkdirSync(`${shipped}/${run}`, { recursive: true });
	let bytes = 0;
	for (const step of STEPS) {
		const { tensors, metadata } = await readSafetensors(readFileSync(`${runs}/${run}/${step}.safetensors`));
		const weights = new Map([...tensors].filter(([name]) => !OPTIMIZER.test(name)));
		const file = writeSafetensors(weights, metadata);
		writeFileSync(`${shipped}/${run}/${step}.safetensors`, file);
		bytes += file.length;
	}
	for (const log of LOGS) copyFileSync(`${runs}/${run}/${log}`, `${shipped}/${run}/${log}`);
	console.log(`${run}: ${STEPS.length} checkpoints, ${(bytes / 1e6).toFixed(2)} MB`);
}

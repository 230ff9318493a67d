import type { Bench, BenchCase } from "./bench.js";
import { benchPath } from "./paths.js";
import { ensureVenv } from "./rivals/venv.js";
import type { SideSpec } from "./side.js";

/** A goal for each batch size: a small batch is mostly the cost of calls, a large one arithmetic. */
const BATCHES = [
	{ batch: 32, steps: 100, ratio: 0.65 },
	{ batch: 256, steps: 20, ratio: 0.8 },
];

function rival(name: "eager" | "compile"): SideSpec {
	return {
		name,
		async command(threads) {
			return {
				file: await ensureVenv("torch"),
				args: [benchPath("rivals/training.py"), name, String(threads)],
			};
		},
	};
}

const ours: SideSpec = {
	name: "headscope",
	async command(threads) {
		return { file: process.execPath, args: [benchPath("out/training-ours.js"), String(threads)] };
	},
};

function cases(): BenchCase[] {
	const all: BenchCase[] = [];
	for (const { batch, steps, ratio } of BATCHES) {
		for (const layers of [1, 2, 4]) {
			all.push({
				name: `batch ${batch}, ${layers} layers`,
				params: { batch, layers, steps, runs: 1 },
				measure: "time",
				goal: { ratio },
			});
		}
		all.push({
			name: `two runs, batch ${batch}, 2 layers`,
			params: { batch, layers: 2, steps, runs: 2 },
			measure: "time",
			goal: { ratio },
		});
	}
	return all;
}

/** Training steps of the in-context regression transformer; "two runs" are two processes of one thread each. */
export const training: Bench = {
	name: "training",
	about: "in-context regression, 4 heads, width 64, 8 examples: steps; against torch eager and torch.compile",
	ours,
	rivals: [rival("eager"), rival("compile")],
	cases: cases(),
	// the losses of the first steps: same weights, same batches, same updates
	tolerance: 1e-4,
};

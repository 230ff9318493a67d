import type { Bench, BenchCase } from "./bench.js";
import { benchPath } from "./paths.js";
import { type ModelShape, randomModel } from "./random-model.js";
import { ensureVenv } from "./rivals/venv.js";
import type { SideSpec } from "./side.js";

/** GPT-2 small: 124,439,808 parameters of 4 bytes, and 1 GB, in MB. */
const WEIGHTS_AND_A_GIGABYTE = 124_439_808 * 4e-6 + 1000;

function rival(name: "tl2" | "tl4", shape: ModelShape): SideSpec {
	return {
		name,
		async command(threads) {
			const folder = await randomModel(shape);
			const args = [benchPath("rivals/sweeps.py"), name, folder, String(threads)];
			return { file: await ensureVenv(name), args };
		},
	};
}

function ours(shape: ModelShape): SideSpec {
	return {
		name: "headscope",
		async command(threads) {
			const folder = await randomModel(shape);
			return { file: process.execPath, args: [benchPath("out/sweeps-ours.js"), folder, String(threads)] };
		},
	};
}

const ABLATE = { sweep: "ablate", batch: 4, length: 64, layers: null, warmUps: 1 };
const PATCH = { sweep: "patch", length: 64, layers: null, warmUps: 1 };

/** The whole sweeps take a rival a minute or more a run; the short ones are one layer of them, to see that all works. */
const cases: BenchCase[] = [
	{ name: "short: ablate layer 6, 4x64", params: { ...ABLATE, layers: [6] }, measure: "time" },
	{ name: "short: patch layer 6, 1x64", params: { ...PATCH, layers: [6] }, measure: "time" },
	{ name: "ablate all 144 heads, 4x64", params: ABLATE, measure: "time", goal: { ratio: 0.35 } },
	{ name: "patch 12 layers x 64 positions", params: PATCH, measure: "time", goal: { ratio: 0.2 } },
	{
		name: "ablate all 144 heads, peak memory",
		params: ABLATE,
		measure: "memory",
		budgets: [{ name: "weights + 1 GB", value: WEIGHTS_AND_A_GIGABYTE }],
		goal: { ratio: 1, against: ["weights + 1 GB"] },
	},
];

/** Sweeps over GPT-2 small: every head ablated, every layer and position patched. */
export const sweeps: Bench = {
	name: "sweeps",
	about: "GPT-2 small: all heads ablated, all layers x positions patched; against loops in TransformerLens",
	ours: ours("gpt2-small"),
	rivals: [rival("tl2", "gpt2-small"), rival("tl4", "gpt2-small")],
	cases,
	tolerance: 1e-3,
};

/** The same over SmolLM2's shape, which TransformerLens 2 does not load from a folder. */
export const sweepsLlama: Bench = {
	name: "sweeps-llama",
	about: "SmolLM2-135M's shape: all 270 heads ablated, 2x33; against a loop in TransformerLens 4.3",
	ours: ours("smollm2-135m"),
	rivals: [rival("tl4", "smollm2-135m")],
	cases: [
		{
			name: "short: ablate layer 29, 2x33",
			params: { ...ABLATE, batch: 2, length: 33, layers: [29] },
			measure: "time",
		},
		{
			// a whole sweep takes the rival minutes a run; these layers cost what the mean of all does
			name: "ablate the 27 heads of layers 4, 14, 24, 2x33",
			params: { ...ABLATE, batch: 2, length: 33, layers: [4, 14, 24] },
			measure: "time",
		},
		{ name: "ablate all 270 heads, 2x33", params: { ...ABLATE, batch: 2, length: 33 }, measure: "time" },
	],
	tolerance: 1e-3,
};

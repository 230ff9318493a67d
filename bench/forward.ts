import type { Bench, BenchCase } from "./bench.js";
import { benchPath } from "./paths.js";
import { randomModel } from "./random-model.js";
import { ensureVenv } from "./rivals/venv.js";
import type { SideSpec } from "./side.js";

/** 124,439,808 parameters, 4 bytes each, in MB. */
const FLOAT32_WEIGHTS = 124_439_808 * 4e-6;
const TRANSFORMER_LENS = ["tl2", "tl4"];
/** [batch, length] */
const SIZES = [
	[1, 16],
	[1, 128],
	[4, 256],
] as const;

function rival(name: "tl2" | "tl4" | "hf"): SideSpec {
	return {
		name,
		async command(threads) {
			const model = await randomModel("gpt2-small");
			// Hugging Face is measured in the environment of the newer TransformerLens.
			const python = await ensureVenv(name === "hf" ? "tl4" : name);
			return { file: python, args: [benchPath("rivals/forward.py"), name, model, String(threads)] };
		},
	};
}

const ours: SideSpec = {
	name: "headscope",
	async command(threads) {
		const model = await randomModel("gpt2-small");
		return { file: process.execPath, args: [benchPath("out/forward-ours.js"), model, String(threads)] };
	},
};

function cases(): BenchCase[] {
	const all: BenchCase[] = [];
	for (const output of ["logits", "full", "pattern"] as const) {
		for (const [batch, length] of SIZES) {
			const goal = goalOf(output, length);
			all.push({
				name: `${output} ${batch}x${length}`,
				params: { output, batch, length },
				measure: "time",
				...(goal && { goal }),
			});
		}
	}
	all.push({
		name: "pattern 1x128 peak memory",
		params: { output: "pattern", batch: 1, length: 128 },
		measure: "memory",
		budgets: [{ name: "float32 weights", value: FLOAT32_WEIGHTS }],
		goal: { ratio: 1.5, against: ["float32 weights"] },
	});
	return all;
}

function goalOf(output: "logits" | "full" | "pattern", length: number): BenchCase["goal"] {
	if (output === "logits") return { ratio: 0.65 };
	if (output === "pattern") return { ratio: 0.55 };
	// Hugging Face's nearest to a full cache lacks most of it: no fair yardstick. 1x16 is only watched.
	if (length === 16) return undefined;
	return { ratio: length === 128 ? 0.6 : 0.7, against: TRANSFORMER_LENS };
}

/** A forward pass of GPT-2 small: its logits, all its activations, or only its attention patterns. */
export const forward: Bench = {
	name: "forward",
	about:
		"GPT-2 small: logits, full cache, patterns; against TransformerLens 2.16 and 4.3, Hugging Face eager",
	ours,
	rivals: [rival("tl2"), rival("tl4"), rival("hf")],
	cases: cases(),
	tolerance: 1e-3,
};

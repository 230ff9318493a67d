import { readFileSync } from "node:fs";
import { loadModel } from "headscope";
import { ablateHeads, patchActivations } from "headscope/causal";
import { serve, type Work } from "./worker.js";

/** The tokens whose logits are compared. */
const [ANSWER, WRONG] = [11, 23];

/**
 * Our side of the sweeps bench. usage: node sweeps-ours.js MODEL_FOLDER THREADS
 * Params: { sweep: "ablate" | "patch", batch, length, layers: number[] | null }; rivals/sweeps.py says what they are.
 */
async function load(): Promise<Work> {
	const [folder, threads] = process.argv.slice(2) as [string, string];
	const model = await loadModel(folder, { engineOptions: { threads: Number(threads) } });
	const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
	const { nLayers, nHeads, vocab } = model.config;
	const ids = (batch: number, length: number): number[][] =>
		Array.from({ length: batch }, (_, row) =>
			Array.from({ length }, (_, pos) => ((row * length + pos) * 7919 + 17) % vocab),
		);
	return {
		versions: { headscope: version },
		make: async ({ sweep, batch = 1, length, layers }) => {
			const chosen = (layers as number[] | null) ?? Array.from({ length: nLayers }, (_, l) => l);
			const rows = ids(batch as number, length as number);
			const ablate = async (): Promise<number[]> => {
				const heads = chosen.flatMap((l) => Array.from({ length: nHeads }, (_, h) => `${l}.${h}`));
				const { cells } = await ablateHeads(model, { ids: rows, metric: "loss", heads });
				return cells.map(({ after }) => after);
			};
			const patch = async (): Promise<number[]> => {
				const clean = rows.map((row) => row.with(5, 7));
				const metric = { kind: "logit-difference", answers: ANSWER, wrong: WRONG } as const;
				const found = await patchActivations(model, { clean, corrupt: rows, metric, layers: chosen });
				return [...found.values.data];
			};
			return {
				run: sweep === "ablate" ? ablate : patch,
				sample: (values) => (values as number[]).slice(0, 8),
			};
		},
	};
}

await serve(load);

import { readFileSync } from "node:fs";
import { type ActivationCache, loadModel, type Tensor } from "headscope";
import { serve, type Work } from "./worker.js";

/**
 * Our side of the forward bench. usage: node forward-ours.js MODEL_FOLDER THREADS
 * Params: { output: "logits" | "full" | "pattern", batch, length }.
 */
async function load(): Promise<Work> {
	const [folder, threads] = process.argv.slice(2) as [string, string];
	const model = await loadModel(folder, { weights: "mapped", engineOptions: { threads: Number(threads) } });
	const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
	return {
		versions: { headscope: version },
		make: async ({ output, batch, length }) => {
			const ids = benchIds(batch as number, length as number);
			const work: Record<string, () => Promise<Result>> = {
				logits: async () => ({ logits: await model.run(ids) }),
				full: () => model.runWithCache(ids),
				// the rivals compute the logits too; here nobody asks for them
				pattern: () => model.runWithCache(ids, { names: /hook_pattern$/, logits: false }),
			};
			return {
				run: work[output as string] as () => Promise<Result>,
				sample: (result) => sampleOf(result as Result),
			};
		},
	};
}

interface Result {
	logits?: Tensor;
	cache?: ActivationCache;
}

/** The last position's first 8 logits, or the last row of the last layer's first head. */
function sampleOf({ logits, cache }: Result): number[] {
	const row = logits
		? logits.select(-1).select(-1)
		: cache?.get("pattern", -1).select(-1).select(0).select(-1);
	return [...(row as Tensor<"float32">).data.subarray(0, 8)];
}

/** The ids that every side runs on: spread over the vocabulary, no two alike in a row. */
export function benchIds(batch: number, length: number): number[][] {
	const id = (i: number): number => (i * 7919 + 17) % 50257;
	return Array.from({ length: batch }, (_, row) =>
		Array.from({ length }, (_, pos) => id(row * length + pos)),
	);
}

await serve(load);

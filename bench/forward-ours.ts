import { serve, type Work } from "./worker.js";

/**
 * Our side of the forward bench. usage: node forward-ours.js MODEL_FOLDER THREADS
 * Params: { output: "logits" | "full" | "pattern", batch, length }.
 */
async function load(): Promise<Work> {
	// To fill in when the model API exists, with `import { loadModel } from "headscope"`:
	//   const model = await loadModel(folder, { threads });
	//   make({ output, batch, length }): ids = benchIds(batch, length);
	//     logits  -> model.run(ids)
	//     full    -> model.runWithCache(ids)
	//     pattern -> model.runWithCache(ids, { names: /hook_pattern$/ })
	//   sample: the first 8 logits of the last position of the last row.
	throw new Error("headscope has no model yet; measure the rivals with --sides tl2,tl4,hf");
}

/** The ids that every side runs on: spread over the vocabulary, no two alike in a row. */
export function benchIds(batch: number, length: number): number[][] {
	const id = (i: number): number => (i * 7919 + 17) % 50257;
	return Array.from({ length: batch }, (_, row) =>
		Array.from({ length }, (_, pos) => id(row * length + pos)),
	);
}

await serve(load);

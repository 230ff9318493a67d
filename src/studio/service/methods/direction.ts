import type { Model } from "headscope";
import { actName } from "headscope";
import * as z from "zod/mini";
import { defineMethod } from "../method.js";
import { MOST_LETTERS, tokenRows } from "../rows.js";

const text = z.string().check(z.maxLength(MOST_LETTERS));

export const direction = defineMethod({
	doc: "the residual stream behind one text's last token minus that behind another's: a vector to steer with",
	params: z.strictObject({
		model: z.string(),
		plus: text,
		minus: text,
		bos: z.optional(z.boolean()),
		layer: z.int().check(z.nonnegative()),
	}),
	/** Six digits of each number: what is steered with is what is written down. */
	run: async ({ model: ref, plus, minus, bos, layer }, { state, signal }): Promise<number[]> => {
		const { model } = state.model(ref);
		const [a, b] = [await streamAt(model, plus, bos, layer), await streamAt(model, minus, bos, layer)];
		signal.throwIfAborted();
		return Array.from(a, (value, i) => Number((value - (b[i] as number)).toPrecision(6)));
	},
});

/** The residual stream before a layer at a text's last token: [d_model]. */
async function streamAt(
	model: Model,
	prompt: string,
	bos: boolean | undefined,
	layer: number,
): Promise<Float32Array> {
	const rows = tokenRows(model, { prompts: [prompt], bos }).map((row) => row.map(({ id }) => id));
	const name = actName("resid_pre", layer);
	const { cache } = await model.runWithCache(rows, { names: [name], logits: false });
	const { data } = cache.get(name);
	return data.slice(-model.config.dModel) as Float32Array;
}

import type { Ids } from "../models/batch.js";
import type { Model } from "../models/model.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";

/** One prompt or several: text, or token ids. */
export type Prompt = string | readonly string[] | Ids;

/** Prompts side by side, so that the next token of each has the same place. */
export interface PackedPrompts {
	/** Ids of each prompt. */
	readonly rows: readonly (readonly number[])[];
	/** int32 [batch, pos], shorter prompts padded on the left. */
	readonly tokens: Tensor<"int32">;
	/** bool [batch, pos], 1 where a token counts; absent where all do. */
	readonly mask: Tensor<"bool"> | undefined;
}

/** @throws {GenerationError} for no prompt, {ModelError} for ids that are none of the model's and prompts that are too long */
export function packPrompts(model: Model, prompt: Prompt, bos: boolean | undefined): PackedPrompts {
	if (model.family.tokenWidth) reject("model", `${model.name} reads vectors, so it has no next token`);
	const rows = idsOf(model, prompt, bos);
	if (rows.length === 0) reject("prompt", "the list is empty");
	model.pack(rows); // checks the ids
	const length = Math.max(...rows.map((row) => row.length));
	if (length === model.config.nCtx) reject("prompt", `its ${length} tokens fill the model's context`);
	const tokens = Tensor.zeros([rows.length, length], "int32", ["batch", "pos"]);
	const mask = Tensor.zeros([rows.length, length], "bool", ["batch", "pos"]);
	for (const [b, row] of rows.entries()) {
		const at = (b + 1) * length - row.length;
		tokens.data.set(row, at);
		mask.data.fill(1, at, at + row.length);
	}
	return { rows, tokens, mask: mask.data.includes(0) ? mask : undefined };
}

function idsOf(model: Model, prompt: Prompt, bos: boolean | undefined): (readonly number[])[] {
	const list = (typeof prompt === "string" || typeof prompt[0] === "number" ? [prompt] : prompt) as readonly (
		| string
		| readonly number[]
	)[];
	return list.map((one, i) => {
		if (typeof one !== "string") return one;
		const { ids } = model.tokenize(one, bos === undefined ? {} : { bos });
		if (ids.length === 0) {
			const where = list.length > 1 ? `prompt[${i}]` : "prompt";
			reject(where, `${JSON.stringify(one)} has no tokens; a BOS is one: bos: true`);
		}
		return ids;
	});
}

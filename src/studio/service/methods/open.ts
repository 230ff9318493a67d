import type { Model } from "headscope";
import { SCORES } from "headscope/scores";
import type { Progress } from "headscope/weights";
import * as z from "zod/mini";
import { stepOf } from "../../step-ref.js";
import type { DroppedFile, OpenOptions, StudioHost } from "../host.js";
import { lookAt } from "../look-rows.js";
import { defineMethod, type MethodContext } from "../method.js";
import { openOnce } from "../open-once.js";

/** What the page knows of a model. */
export interface ModelInfo {
	readonly ref: string;
	readonly family: string;
	readonly nLayers: number;
	readonly nHeads: number;
	readonly nKvHeads: number;
	readonly dModel: number;
	readonly dHead: number;
	readonly vocab: number;
	/** Longest sequence, in tokens. */
	readonly nCtx: number;
	/** Whether texts can be typed; without a tokenizer the page takes token ids. */
	readonly hasTokenizer: boolean;
	/** Whether the model's tokenizer puts a BOS in front by itself, and whether there is one. */
	readonly addsBos: boolean;
	readonly hasBos: boolean;
	/** Scores of heads that can be asked for. */
	readonly scores: readonly {
		readonly name: string;
		readonly doc: string;
		readonly range: readonly number[];
	}[];
}

/** Files come as the page has them: they are no JSON, and only a worker is given them. */
const files = z.custom<readonly DroppedFile[]>(
	(value) => Array.isArray(value) && value.length > 0 && value.every((file) => file?.blob instanceof Blob),
);

export const open = defineMethod({
	doc: "loads a model, by name or from dropped files; progress in bytes",
	params: z.strictObject({
		ref: z.string().check(z.minLength(1), z.maxLength(500)),
		files: z.optional(files),
	}),
	run: async ({ ref, files }, { state, signal, report }: MethodContext<Progress>): Promise<ModelInfo> => {
		// small, and fetched ahead: who asked first must not end it for others by giving up
		if (stepOf(ref) !== undefined && !files) {
			const unheard = { signal: new AbortController().signal, onProgress() {} };
			await openOnce(state, ref, async () => {
				const model = await state.openModel(ref, unheard);
				// ahead: nobody waits for it
				await lookAt(model, { ids: [[0, 0]], urgent: false });
				return model;
			});
		}
		if (!state.has(ref) || files) {
			const options = { signal, onProgress: report };
			const model = files ? await openFiles(state.host, files, options) : await state.openModel(ref, options);
			await state.keep(ref, model);
		}
		return describe(ref, state.model(ref).model);
	},
});

function openFiles(host: StudioHost, files: readonly DroppedFile[], options: OpenOptions): Promise<Model> {
	if (host.openFiles) return host.openFiles(files, options);
	throw new Error("files: this engine takes none; drop them on a page that computes by itself");
}

function describe(ref: string, { family, config, tokenizer }: Model): ModelInfo {
	const { nLayers, nHeads, nKvHeads, dModel, dHead, vocab, nCtx } = config;
	return {
		ref,
		family: family.name,
		...{ nLayers, nHeads, nKvHeads, dModel, dHead, vocab, nCtx },
		hasTokenizer: tokenizer !== undefined,
		addsBos: tokenizer?.addsBos ?? false,
		hasBos: tokenizer?.bosId !== undefined,
		scores: SCORES.map(({ name, doc, range }) => ({ name, doc, range })),
	};
}

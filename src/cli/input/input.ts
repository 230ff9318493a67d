import { tokenizerOf } from "../../models/load-model.js";
import type { ResolvedModel } from "../../models/resolve.js";
import type { Checkpoint } from "../../weights/index.js";
import { UsageError } from "../errors.js";
import { checkIds, readIds, readMask } from "./ids-file.js";

/** `--text` or `--ids`, with what goes with each. */
export interface InputOptions {
	readonly text?: string;
	readonly ids?: string;
	readonly mask?: string;
	readonly bos?: boolean;
}

/** What a command runs on, as far as it is known before the model is. */
export type GivenInput =
	| { readonly text: string; readonly bos?: boolean }
	| { readonly path: string; readonly ids: number[][]; readonly mask?: number[][] };

/** What a command runs on. */
export interface Input {
	/** [batch][pos] */
	readonly ids: readonly (readonly number[])[];
	/** The shape of `ids`, where given. */
	readonly mask?: readonly (readonly number[])[];
	/** Each token's text, as `ids`. */
	readonly tokens: readonly (readonly string[])[];
	/** Whether a BOS was put in front. */
	readonly bos: boolean;
}

/** Checks the options against each other and reads their files. @throws {UsageError} */
export async function readInput(options: InputOptions): Promise<GivenInput> {
	const { text, ids: path, mask, bos } = options;
	if (text !== undefined && path !== undefined) throw new UsageError("--text and --ids: give one of them");
	if (text !== undefined) {
		if (mask !== undefined) throw new UsageError("--mask goes with --ids; a text has no padding");
		if (text === "") throw new UsageError("--text: the text is empty; allowed is at least one character");
		return { text, ...(bos !== undefined && { bos }) };
	}
	if (path === undefined) throw new UsageError('no input; give --text "..." or --ids FILE');
	if (bos !== undefined) throw new UsageError("--bos and --no-bos go with --text; ids are taken as they are");
	const ids = await readIds(path);
	return { path, ids, ...(mask !== undefined && { mask: await readMask(mask, ids) }) };
}

/** The input as token ids of a model, checked against it. @throws {UsageError} */
export async function encodeInput(
	given: GivenInput,
	{ checkpoint, config }: ResolvedModel & { checkpoint: Checkpoint },
): Promise<Input> {
	const tokenizer = await tokenizerOf(checkpoint);
	if ("text" in given) {
		if (!tokenizer)
			throw new UsageError(`${checkpoint.origin} has no tokenizer; give token ids with --ids FILE`);
		const encoding = tokenizer.encode(given.text, given.bos === undefined ? {} : { bos: given.bos });
		if (encoding.ids.length === 0) {
			throw new UsageError("--text: gives no tokens with this model's tokenizer; allowed is at least one");
		}
		checkIds("--text", [encoding.ids], config, checkpoint.origin);
		return { ids: [encoding.ids], tokens: [encoding.tokens], bos: encoding.bos };
	}
	const { path, ids, mask } = given;
	checkIds(path, ids, config, checkpoint.origin);
	// ids beyond the tokenizer are allowed: a table of embeddings is often padded
	const textOf = (id: number): string =>
		tokenizer && id < tokenizer.vocabSize ? tokenizer.tokenText(id) : `#${id}`;
	return { ids, ...(mask && { mask }), tokens: ids.map((row) => row.map(textOf)), bos: false };
}

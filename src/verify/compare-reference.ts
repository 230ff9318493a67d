import { actName } from "../hooks/points.js";
import { difference, type Tensor } from "../tensor/index.js";
import { type Deviation, isTooLarge } from "./check.js";
import { reject } from "./errors.js";
import type { Reference } from "./reference.js";
import { deviationOf, type Subject } from "./subject.js";

/** A tensor of the reference beside the model's. */
export interface Compared extends Deviation {
	/** Index of the largest difference. */
	readonly at?: readonly number[];
}

/**
 * Compares a reference with the model's run on its ids, in forward order: the tokenizer's ids, then of each layer its
 * pattern and what comes out of it, the final norm, the logits. Outputs of a layer's parts are looked at only where what
 * comes out of the layer differs: programs cut layers into parts in ways of their own.
 * @throws {VerifyError} for a reference of a model of other sizes
 */
export async function compareReference(subject: Subject, reference: Reference): Promise<Compared[]> {
	const run = await runOf(subject, reference);
	const compared: Compared[] = [...tokensOf(subject, reference)];
	const compare = (what: string, place: string, got: Tensor, expected: Tensor): Compared => {
		if (got.shape.join() !== expected.shape.join())
			reject("reference", `${what} is ${expected}, but of this model [${got.shape.join(", ")}]`);
		const { index, ...sizes } = difference(got, expected);
		return { ...deviationOf(subject, what, sizes, place), at: index };
	};
	const { nLayers } = subject.model.config;
	/** What comes out of a layer, with the part of it that is at fault. */
	const output = (layer: number, what: string, got: Tensor, expected: Tensor): void => {
		const whole = compare(what, `layer ${layer}`, got, expected);
		compared.push(
			isTooLarge(whole) ? { ...whole, place: partAtFault(subject, run, reference, layer) } : whole,
		);
	};
	for (let layer = 0; layer < nLayers; layer++) {
		const state = reference.hiddenStates[layer] as Tensor;
		const stream = run.get(actName("resid_pre", layer)) as Tensor;
		if (layer === 0) compared.push(compare("hidden_states[0]", "embedding", stream, state));
		else output(layer - 1, `hidden_states[${layer}]`, stream, state);
		const pattern = reference.attentions[layer];
		const own = run.get(actName("pattern", layer));
		if (pattern && own)
			compared.push(compare(`attentions[${layer}]`, `layer ${layer} attention`, own, pattern));
	}
	const last = nLayers - 1;
	const block = reference.part(last, "block");
	if (block)
		output(last, `the output of layer ${last}`, run.get(actName("resid_post", last)) as Tensor, block);
	const final = run.get(FINAL) ?? (run.get(actName("resid_post", last)) as Tensor);
	const normed = compare(
		`hidden_states[${nLayers}]`,
		"final norm",
		final,
		reference.hiddenStates[nLayers] as Tensor,
	);
	// without the last layer's own output it is not known which of the two it is
	const place = block ? normed.place : partAtFault(subject, run, reference, last, "final norm");
	compared.push(isTooLarge(normed) ? { ...normed, place } : normed);
	compared.push(compare("logits", "unembedding", run.get("logits") as Tensor, reference.logits));
	return compared;
}

/** The module whose output Hugging Face's last hidden state is. */
const FINAL = "ln_final";

/** The model's own values on the reference's ids, by hook point and module, and "logits". */
async function runOf(
	{ model, signal }: Subject,
	{ ids, hiddenStates, logits, attentions }: Reference,
): Promise<Map<string, Tensor>> {
	const { nLayers, vocab, nCtx } = model.config;
	if (hiddenStates.length !== nLayers + 1)
		reject(
			"reference",
			`hidden_states has ${hiddenStates.length} entries, but a model of ${nLayers} layers ${nLayers + 1}`,
		);
	if (attentions.length !== 0 && attentions.length !== nLayers)
		reject("reference", `attentions has ${attentions.length} layers, but the model ${nLayers}`);
	if (logits.shape[2] !== vocab)
		reject("reference", `logits is ${logits}, but the model's vocabulary has ${vocab} tokens`);
	const wrong = ids.flat().find((id) => id < 0 || id >= vocab);
	if (wrong !== undefined) reject("reference", `input_ids holds ${wrong}, allowed 0..${vocab - 1}`);
	const length = ids[0]?.length ?? 0;
	if (length === 0 || length > nCtx)
		reject("reference", `input_ids has ${length} positions, allowed 1..${nCtx}`);
	const known = new Set(model.sizes.points.map(({ name }) => name));
	const perLayer = ["hook_resid_pre", "attn.hook_pattern", "attn", "mlp"];
	const names = [
		...Array.from({ length: nLayers }, (_, l) => perLayer.map((part) => `blocks.${l}.${part}`)).flat(),
		actName("resid_post", nLayers - 1),
		FINAL,
	].filter((name) => known.has(name));
	const run = await model.runWithCache(ids, { names, ...(signal && { signal }) });
	return new Map<string, Tensor>([...run.cache, ["logits", run.logits]]);
}

/** The ids that the model's own tokenizer gives for the reference's text. */
function tokensOf({ model }: Subject, { text, ids }: Reference): Compared[] {
	if (text === undefined || !model.tokenizer) return [];
	const own = model.tokenizer.encode(text).ids;
	const [expected = []] = ids;
	const same = own.length === expected.length && own.every((id, i) => id === expected[i]);
	const first = Math.max(
		0,
		own.findIndex((id, i) => id !== expected[i]),
	);
	const what = same
		? "input_ids"
		: `input_ids (the tokenizer gives ${list(own, first)} where the reference has ${list(expected, first)})`;
	return [{ what, place: "tokenizer", measured: same ? 0 : Number.POSITIVE_INFINITY, allowed: 0 }];
}

function list(ids: readonly number[], from: number): string {
	const shown = ids.slice(from, from + 4);
	return `${from > 0 ? "... " : ""}${shown.join(" ")}${from + 4 < ids.length ? " ..." : ""}` || "nothing";
}

/**
 * Which part of a layer is the first that differs, where its input and its pattern agree.
 * @param behind what else may be at fault, where the layer's own output is not known
 */
function partAtFault(
	subject: Subject,
	run: ReadonlyMap<string, Tensor>,
	reference: Reference,
	layer: number,
	behind?: string,
): string {
	const differs = (part: "attention" | "MLP", module: string): boolean | undefined => {
		const [own, other] = [run.get(`blocks.${layer}.${module}`), reference.part(layer, part)];
		if (!own || !other || own.shape.join() !== other.shape.join()) return undefined;
		return isTooLarge(deviationOf(subject, module, difference(own, other)));
	};
	const attention = differs("attention", "attn");
	if (attention) return `layer ${layer} attention`;
	const mlp = differs("MLP", "mlp");
	if (mlp) return attention === false ? `layer ${layer} MLP` : `layer ${layer}`;
	if (attention === false && mlp === false) return behind ?? `layer ${layer}`;
	const left = attention === false ? `layer ${layer} behind its attention` : `layer ${layer}`;
	return behind === undefined ? left : `${left} or ${behind}`;
}

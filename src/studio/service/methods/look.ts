import { type Model, Tensor } from "headscope";
import * as z from "zod/mini";
import { isLarge } from "../../step-ref.js";
import { changesFor, donorFields } from "../changes.js";
import { type LookRequest, lookAt, type RowLook, type Side } from "../look-rows.js";
import { defineMethod } from "../method.js";
import { type Refused, withFitting } from "../refused.js";
import { rowFields, type Token, tokenRows } from "../rows.js";
import { remember } from "../state.js";

const params = z.strictObject({
	model: z.string(),
	...rowFields,
	interventions: z.array(z.unknown()).check(z.maxLength(256)),
	donors: donorFields,
	weighting: z.optional(z.enum(["pattern", "value"])),
	top: z.optional(z.int().check(z.minimum(1), z.maximum(100))),
});

/** A prompt in the model as it is, and as it is changed. */
export interface PromptLook {
	readonly tokens: readonly Token[];
	readonly clean: Side;
	/** Absent where there are no interventions. */
	readonly changed?: Side;
	/** The likeliest next tokens of either side, by the clean side's probability. */
	readonly next: readonly NextToken[];
	/** Interventions that were left out, the same for every prompt; absent where there are none. */
	readonly refused?: readonly Refused[];
}

export interface NextToken {
	readonly id: number;
	readonly text: string;
	readonly shown: string;
	/** Probability behind the prompt's last token. */
	readonly clean: number;
	readonly changed?: number;
	readonly cleanLogit: number;
	readonly changedLogit?: number;
}

export const look = defineMethod({
	doc: "patterns of all heads, losses and next tokens of prompts, without and with interventions",
	params,
	run: async (given, { state, signal }): Promise<PromptLook[]> => {
		const { model, looks } = state.model(given.model);
		const tokens = tokenRows(model, given);
		const ids = tokens.map((row) => row.map(({ id }) => id));
		const { weighting } = given;
		const key = JSON.stringify([ids, weighting]);
		const asked = { ids, weighting, signal };
		const clean = await remember(looks, key, () => lookAtText(model, asked), signal);
		signal.throwIfAborted();
		const { result: changed, refused } = await withFitting(given.interventions, async (interventions) => {
			signal.throwIfAborted();
			if (interventions.length === 0) return undefined;
			const changes = await changesFor(interventions, given.donors, { host: state.host, model, input: ids });
			return lookAt(model, { ...asked, ...changes });
		});
		signal.throwIfAborted();
		warmUp(model);
		return tokens.map((row, r) => ({
			tokens: row,
			clean: sideOf(clean[r] as RowLook),
			...(changed && { changed: sideOf(changed[r] as RowLook) }),
			next: nextTokens(model, clean[r] as RowLook, changed?.[r], given.top ?? 10),
			...(refused.length > 0 && { refused }),
		}));
	},
});

/** A look at the model as it is; at a text that is being typed one that computes what is new. */
async function lookAtText(model: Model, asked: LookRequest): Promise<RowLook[]> {
	const [row, ...others] = asked.ids;
	const isTyped = row && others.length === 0 && asked.weighting !== "value";
	if (!isTyped || !goesOn(model)) return lookAt(model, asked);
	const { lookOn } = await import("../typed-look.js");
	return [await lookOn(model, row, { ...(asked.signal && { signal: asked.signal }), urgent: true })];
}

/** Whether it pays to go on from the text before. WebGPU would compile a program for each length of both. */
function goesOn({ config, engine }: Model): boolean {
	return isLarge(config) && engine.provider !== "webgpu";
}

const warm = new WeakSet<Model>();

/** Compiles what the first ablated head needs, and the first key, behind the first answer, so that no one waits for it. */
function warmUp(model: Model): void {
	if (warm.has(model)) return;
	warm.add(model);
	const ablated = { ids: [[0, 0]], interventions: [{ kind: "zero" as const, heads: ["0.0"] }] };
	const compile = async (): Promise<void> => {
		if (goesOn(model)) await (await import("../typed-look.js")).warmUpTyping(model);
		await lookAt(model, { ...ablated, urgent: false });
	};
	// a model that was closed meanwhile needs none
	setTimeout(() => void compile().catch(() => {}));
}

function sideOf({ pattern, loss }: RowLook): Side {
	// copies: what the page is given is moved to it, and the clean side is kept
	return { pattern: copy(pattern), loss: copy(loss) };
}

function copy({ dtype, shape, data, axes }: Tensor<"float32">): Tensor<"float32"> {
	return new Tensor(dtype, shape, data.slice(), axes);
}

/** The likeliest tokens of either side, clean order first. */
function nextTokens(model: Model, clean: RowLook, changed: RowLook | undefined, top: number): NextToken[] {
	const before = probabilities(clean.last);
	const after = changed && probabilities(changed.last);
	// of logits, which are in the order of what they stand for
	const ids = [...new Set([...largest(clean.last, top), ...(changed ? largest(changed.last, top) : [])])];
	return ids
		.sort((a, b) => before(b) - before(a) || a - b)
		.map((id) => {
			const known = model.tokenizer !== undefined && id < model.tokenizer.vocabSize;
			return {
				id,
				text: known ? (model.tokenizer?.tokenText(id) ?? "") : String(id),
				shown: known ? (model.tokenizer?.displayText(id) ?? "") : String(id),
				clean: before(id),
				cleanLogit: clean.last[id] as number,
				...(after && { changed: after(id) }),
				...(changed && { changedLogit: changed.last[id] as number }),
			};
		});
}

/** The probability of each token, without making those of all of a large vocabulary. */
function probabilities(logits: Float32Array): (id: number) => number {
	let highest = Number.NEGATIVE_INFINITY;
	for (let i = 0; i < logits.length; i++) highest = Math.max(highest, logits[i] as number);
	let sum = 0;
	for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] as number) - highest);
	return (id) => Math.exp((logits[id] as number) - highest) / sum;
}

/** Places of the k largest values, largest first. */
function largest(values: Float32Array, k: number): number[] {
	const best: number[] = [];
	for (let i = 0; i < values.length; i++) {
		const value = values[i] as number;
		if (best.length === k && value <= (values[best[k - 1] as number] as number)) continue;
		const at = best.findIndex((j) => (values[j] as number) < value);
		best.splice(at < 0 ? best.length : at, 0, i);
		if (best.length > k) best.pop();
	}
	return best;
}

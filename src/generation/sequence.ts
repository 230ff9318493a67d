import type { ActivationCache } from "../hooks/activation-cache.js";
import { selectPoints } from "../hooks/select.js";
import { KeyValueCache } from "../models/key-value-cache.js";
import type { Model } from "../models/model.js";
import type { RunOptions } from "../models/run-options.js";
import type { Tensor } from "../tensor/index.js";
import { interventionsAt } from "./interventions-at.js";
import type { GenerateOptions } from "./options.js";

/** A batch of rows that grows by what it is fed; every run computes the new positions only. */
export class Sequence {
	private past: KeyValueCache | undefined;
	private readonly keysAndValues: readonly string[];
	private readonly names: readonly string[];
	private readonly options: Omit<RunOptions, "stopAtLayer">;

	constructor(
		private readonly model: Model,
		options: GenerateOptions,
	) {
		const { signal, interventions, donors, dictionaries, hooks, patches, weights, names } = options;
		const given = { signal, interventions, donors, dictionaries, hooks, patches, weights };
		const run = Object.entries(given).filter(([, value]) => value !== undefined);
		this.options = Object.fromEntries(run);
		this.keysAndValues = KeyValueCache.names(model);
		this.names = names === undefined ? [] : selectPoints(model.hookPoints(), names).map(({ name }) => name);
	}

	/** Positions that were run. */
	get length(): number {
		return this.past?.length ?? 0;
	}

	/**
	 * Runs further positions.
	 * @param tokens int32 [batch, pos]
	 * @param mask bool [batch, pos]; absent where all count
	 * @param keep whether the asked points are kept
	 * @returns logits at the last position, [batch, vocab], and what was kept of these positions
	 */
	async advance(
		tokens: Tensor<"int32">,
		mask: Tensor<"bool"> | undefined,
		keep: boolean,
	): Promise<{ logits: Tensor<"float32">; activations: ActivationCache }> {
		const { model, past, options, names, keysAndValues } = this;
		const [batch, pos] = tokens.shape as [number, number];
		const { interventions } = options;
		const changed =
			interventions !== undefined || options.hooks !== undefined || options.patches !== undefined;
		const { logits, cache } = await model.runWithCache(tokens, {
			...options,
			...(interventions && { interventions: interventionsAt(interventions, this.length + pos) }),
			// what acts on the final norm may expect all positions there
			...(!changed && { logitsAt: Array.from({ length: batch }, () => [pos - 1]) }),
			past,
			mask,
			names: [...new Set([...keysAndValues, ...(keep ? names : [])])],
		});
		const own = KeyValueCache.of(model, cache, { tokens, mask });
		this.past = past ? past.append(own) : own;
		const last = logits.slice(1, -1);
		return { logits: last.reshape([batch, model.config.vocab]), activations: cache.pick(keep ? names : []) };
	}
}

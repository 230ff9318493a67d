import { evaluate } from "../../graph/evaluate.js";
import { graphOf } from "../../graph/graph.js";
import { actName } from "../../hooks/points.js";
import { packBatch, positionsOf } from "../../models/batch.js";
import { FEEDS, traceModel } from "../../models/trace-model.js";
import { difference, type Tensor } from "../../tensor/index.js";
import { type Check, type Deviation, judge, type Outcome } from "../check.js";
import type { Subject } from "../subject.js";

/** Tokens of the prompt: the host is slow, and every layer has been reached by then. */
const TOKENS = 6;

/** Rounding adds up over layers: of a model of 30 layers and numbers up to 110, 0.0005 was seen. Half precision is far above it. */
const ROUNDING = 2;

/**
 * The engine's float32 against the same graph evaluated on the host in float64 by every op's reference kernel, layer by
 * layer: the host goes on from its own numbers, so that errors add up on both sides as they do in a run.
 */
export const float64: Check = {
	name: "float64",
	doc: "the engine's float32 agrees layer by layer with a float64 evaluation on the host",
	sees: "kernels of the engine that are wrong, too coarse or quantised, on this machine and provider",

	async run(subject): Promise<Outcome> {
		const { model, signal } = subject;
		const { nLayers } = model.config;
		const row = subject.rows[0].slice(0, TOKENS);
		const streams = Array.from({ length: nLayers }, (_, l) => actName("resid_pre", l));
		const names = [...streams, actName("resid_post", nLayers - 1)];
		const { logits, cache } = await model.runWithCache([row], { names, ...(signal && { signal }) });
		const deviations: Deviation[] = [];
		const { tokens } = packBatch([row], model.config);
		let stream: Tensor = tokens;
		// the embedding is what comes before layer 0
		for (let step = 0; step <= nLayers + 1; step++) {
			signal?.throwIfAborted();
			stream = await onHost(subject, stream, step);
			const got = step > nLayers ? logits : cache.get(names[step] as string);
			const [what, place] = wordsFor(step, nLayers);
			const { maxAbs, scale } = difference(got, stream);
			const allowed = ROUNDING * subject.tolerance * Math.max(1, scale);
			deviations.push({ what, measured: maxAbs, allowed, place });
		}
		return judge(deviations);
	},
};

/** One step on the host: 0 embeds tokens, 1 to nLayers are the blocks, the one behind them unembeds. */
async function onHost({ model }: Subject, input: Tensor, step: number): Promise<Tensor> {
	const { family, config } = model;
	const [batch, pos] = input.shape as [number, number];
	const range =
		step === 0
			? { stopAtLayer: 0 }
			: step > config.nLayers
				? { startAtLayer: config.nLayers }
				: { startAtLayer: step - 1, stopAtLayer: step };
	const { output } = traceModel(family, config, { ...range, padded: false, batch, pos });
	const graph = graphOf({ output });
	const feeds: Record<string, Tensor> = {
		[step === 0 ? FEEDS.tokens : FEEDS.residual]: input,
		[FEEDS.positions]: positionsOf(undefined, pos),
	};
	for (const { node } of graph.inputs) {
		const name = node.attributes.name as string;
		if (node.attributes.role === "weight") feeds[name] = await model.weight(name);
	}
	return evaluate(graph, feeds, "float64").get("output") as Tensor;
}

function wordsFor(step: number, nLayers: number): [what: string, place: string] {
	if (step === 0) return ["the embedding", "embedding"];
	if (step > nLayers) return ["logits", "final norm or unembedding"];
	return [`the stream after layer ${step - 1}`, `layer ${step - 1}`];
}

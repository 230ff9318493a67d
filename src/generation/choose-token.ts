import type { Random } from "../tensor/index.js";
import type { Settings } from "./options.js";

/** A token and what the model thought of it. */
export interface Choice {
	readonly id: number;
	/** Natural logarithm of the probability that the model gave the token, at temperature 1 and among all. */
	readonly logProb: number;
}

/** The likeliest token (the first of equals) at temperature 0, otherwise one that is drawn. */
export function chooseToken(logits: Float32Array, settings: Settings, random: Random): Choice {
	const best = argmax(logits);
	const id = settings.temperature === 0 ? best : draw(logits, best, settings, random);
	const highest = logits[best] as number;
	let total = 0;
	for (const logit of logits) total += Math.exp(logit - highest);
	return { id, logProb: (logits[id] as number) - highest - Math.log(total) };
}

function argmax(values: Float32Array): number {
	let best = 0;
	for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i;
	return best;
}

/** Draws with probabilities softmax(logits / temperature), cut to `topK` tokens and then to the nucleus `topP`. */
function draw(
	logits: Float32Array,
	best: number,
	{ temperature, topK, topP }: Settings,
	random: Random,
): number {
	const highest = logits[best] as number;
	const weights = Float64Array.from(logits, (logit) => Math.exp((logit - highest) / temperature));
	const ids = Array.from(weights, (_, id) => id);
	const cuts = topK < ids.length || topP < 1;
	// equal weights keep the order of their ids, so that a seed means the same everywhere
	if (cuts) ids.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b).splice(topK);
	const kept = topP < 1 ? nucleus(ids, weights, topP) : ids;
	let rest = random.uniform() * kept.reduce((sum, id) => sum + (weights[id] as number), 0);
	for (const id of kept) {
		rest -= weights[id] as number;
		if (rest < 0) return id;
	}
	return kept.findLast((id) => (weights[id] as number) > 0) ?? best; // rounding left a crumb
}

/** The first ids whose weights together reach the share `topP`; at least one. */
function nucleus(ids: readonly number[], weights: Float64Array, topP: number): readonly number[] {
	const total = ids.reduce((sum, id) => sum + (weights[id] as number), 0);
	let sum = 0;
	const end = ids.findIndex((id) => {
		sum += weights[id] as number;
		return sum >= topP * total;
	});
	return end < 0 ? ids : ids.slice(0, end + 1);
}

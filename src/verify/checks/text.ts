import { type Check, doesNotApply, notJudged, type Outcome } from "../check.js";

/** Tokens a word up to which a vocabulary was surely learned from English: other languages' take 2 and more. */
const ENGLISH_VOCABULARY = 1.6;

/**
 * A model that has learned a language predicts its text better than the frequencies of the text's own tokens do, of
 * which no guess without context can be better.
 */
export const text: Check = {
	name: "text",
	doc: "a text is predicted better than by the frequencies of its own tokens",
	sees: "whatever costs a trained model its language: weights, positions, scales or ids that are mixed up",

	async run(subject): Promise<Outcome> {
		const losses = await subject.losses();
		if (typeof losses === "string") return doesNotApply(losses);
		const { mean, unigram, uniform, tokensPerWord, bundled } = losses;
		const sizes = `${nats(mean)} nats a token; by the text's own frequencies ${nats(unigram)}, by a uniform guess ${nats(uniform)}`;
		const numbers = { measured: mean, allowed: unigram };
		if (mean < unigram) return { status: "passed", detail: sizes, ...numbers };
		if (!bundled) return { status: "failed", detail: sizes, ...numbers };
		const vocabulary = `a vocabulary that cuts English into ${tokensPerWord.toFixed(1)} tokens a word`;
		if (!(mean < uniform) && tokensPerWord <= ENGLISH_VOCABULARY) {
			return {
				status: "failed",
				detail: `${sizes}: with ${vocabulary} it is untrained, trained on something else, or broken; a text of its own kind tells which`,
				...numbers,
			};
		}
		return {
			...notJudged(
				`${sizes}: with ${vocabulary} it may have learned no English, or be broken; a text of its own kind tells which`,
			),
			...numbers,
		};
	},
};

function nats(value: number): string {
	return value.toFixed(2);
}

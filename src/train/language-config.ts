import * as z from "zod/mini";
import { ModelError } from "../models/family.js";
import type { LanguageModel } from "../models/language-loss.js";
import { architecturesOf, FAMILIES, familyOf } from "../models/registry.js";
import { check } from "../shared/schemas.js";
import { reject } from "./errors.js";
import { OptimizerConfig, SchedulerConfig, stepsSetting } from "./run-config.js";

const count = z.int().check(z.positive());
const fromZero = z.int().check(z.nonnegative());
const span = z.tuple([fromZero, fromZero]);

/** What a language model is trained on: random tokens with repeats, or windows of a text. */
const Data = z.discriminatedUnion("kind", [
	z.strictObject({
		kind: z.literal("repeats"),
		/** Random tokens in front of the segment, least and most. */
		offset: span,
		/** Tokens of the segment, least and most, in stages: each holds from its step on. */
		segments: z.array(z.strictObject({ from: fromZero, span })).check(z.minLength(1)),
		/** Lengths of segments that are kept out. */
		except: z._default(z.array(count), []),
		/** Ids that tokens are drawn from, [low, high). */
		range: span,
	}),
	z.strictObject({ kind: z.literal("text") }),
]);

const LanguageConfig = z.strictObject({
	/** config.json of the model, as Hugging Face writes it. */
	model: z.record(z.string(), z.unknown()),
	data: Data,
	/** Tokens of a sequence, and sequences of a batch. */
	length: count,
	batch_size: count,
	num_steps: count,
	/** Of the initial weights and of the data. */
	seed: fromZero,
	optimizer_config: OptimizerConfig,
	scheduler_config: SchedulerConfig,
	checkpoint_steps: stepsSetting,
});
/** What a run is: equal configurations (and texts) give equal weights. The keys are those of a regression's run. */
export type LanguageConfig = z.output<typeof LanguageConfig>;

/**
 * Checks a configuration.
 * @throws {TrainError} one line with the keys that are unknown, missing or wrong
 */
export function languageConfig(given: unknown): LanguageConfig {
	const result = check(LanguageConfig, given);
	if (result.success) return result.data;
	const faults = result.error.issues.map((issue) =>
		[...(issue.path.length > 0 ? [issue.path.join(".")] : []), issue.message].join(": "),
	);
	return reject("language run", faults.join("; "));
}

/**
 * The architecture that a config.json describes.
 * @throws {TrainError} where it is unknown or cannot be trained
 */
export async function languageModel({ model }: LanguageConfig): Promise<LanguageModel> {
	const named = architecturesOf(model);
	const found = named.length > 0 ? familyOf(model) : undefined;
	if (!found) {
		const known = FAMILIES.flatMap((f) => f.architectures).join(", ");
		return reject("language run", `model.architectures ${JSON.stringify(named)}, allowed: ${known}`);
	}
	const family = await found.load();
	try {
		const config = family.parseConfig(model);
		// divisors of rotary frequencies come with a file; they are no parameters
		if (family.weights(config).some(({ name }) => name === "rope_freqs.weight")) {
			reject("language run", "model.rope_factors true, allowed: false");
		}
		return { family, config };
	} catch (error) {
		if (error instanceof ModelError) return reject("language run", error.message, error);
		throw error;
	}
}

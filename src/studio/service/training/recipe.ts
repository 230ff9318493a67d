import type { LanguageConfig } from "headscope/train";

/** What of a training is chosen; everything else is the demo model's recipe. */
export interface TrainSettings {
	/** Of the initial weights and the data. */
	readonly seed: number;
	/** The highest learning rate, reached after 100 steps. */
	readonly lr: number;
	/** Sequences of an update. */
	readonly batch: number;
	/** Updates after which the training ends. */
	readonly steps: number;
}

/** Updates of the demo model's own training, whose schedule this is. */
export const MOST_STEPS = 4000;

/** The parts of a run's configuration that decide its updates. */
export type Recipe = Pick<
	LanguageConfig,
	"data" | "length" | "batch_size" | "seed" | "optimizer_config" | "scheduler_config"
>;

/**
 * The demo model's recipe (`assets/demo/training.json`). A shorter training is the beginning of the whole one: with seed 1,
 * a rate of 2e-3 and batches of 64 its updates are those that the demo model had.
 */
export function recipe({ seed, lr, batch }: TrainSettings): Recipe {
	return {
		data: {
			kind: "repeats",
			offset: [0, 5],
			segments: [
				{ from: 0, span: [3, 14] },
				{ from: 2500, span: [3, 22] },
			],
			except: [7, 12],
			range: [3, 128],
		},
		length: 32,
		batch_size: batch,
		seed,
		optimizer_config: { optimizer_type: "AdamW", lr, betas: [0.9, 0.98], weight_decay: 0.01 },
		scheduler_config: {
			scheduler_type: "OneCycleLR",
			max_lr: lr,
			total_steps: MOST_STEPS,
			anneal_strategy: "linear",
			pct_start: 0.02525,
			div_factor: 100,
			final_div_factor: 0.2,
			cycle_momentum: false,
		},
	};
}

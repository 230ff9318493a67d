import type { Model, Tensor } from "headscope";
import { scoreHeads } from "headscope/scores";
import { languageBatches, languageObjective, OPTIMIZERS, schedule, Trainer } from "headscope/train";
import { lookAt } from "../look-rows.js";
import { tokenRows } from "../rows.js";
import { LiveModel } from "./live-model.js";
import { recipe, type TrainSettings } from "./recipe.js";

/** Weights are kept after every so many updates. */
const KEEP_EVERY = 25;
/** Training takes at least so many times as long as measuring, which then takes less than a fifth of the time. */
const TRAIN_PER_MEASURE = 4.5;
/** Rows that each score is the mean of. */
const SAMPLES = 16;
/** What is measured of each head. */
export const TRAIN_SCORES = ["induction", "previous-token"] as const;
export type TrainScore = (typeof TRAIN_SCORES)[number];

/** What the model does after some updates. */
export interface TrainFrame {
	/** Updates that were done. */
	readonly step: number;
	/** What was read, as it was asked. */
	readonly prompt: string;
	/** The prompt's tokens, white space visible; empty where it cannot be read. */
	readonly tokens: readonly string[];
	/** float32 [layer, head, query, key]: attention on the prompt; absent where it cannot be read. */
	readonly pattern?: Tensor<"float32">;
	/** Why the prompt cannot be read; empty when it can. */
	readonly problem: string;
	/** The prompt's likeliest next token, and its probability. */
	readonly next?: { readonly shown: string; readonly probability: number };
	/** [layer][head], on random sequences as everywhere in the library. */
	readonly scores: Readonly<Record<TrainScore, readonly (readonly number[])[]>>;
}

/** How far to train in one go. */
export interface Stretch {
	/** No update begins after so many milliseconds; one is always done. */
	readonly ms: number;
	/** Most updates. */
	readonly updates: number;
	readonly signal: AbortSignal;
}

type Weights = ReadonlyMap<string, Tensor<"float32">>;

/** A training of the demo model's recipe from scratch, update by update. */
export class Training {
	/** Loss of each update's batch, before the update. */
	readonly losses: number[] = [];
	/** Why the training cannot go on; empty while it can. */
	problem = "";
	private readonly kept = new Map<number, Weights>();
	/** Milliseconds of training since the last measurement, and what that one took. */
	private since = 0;
	private cost = 0;
	private readonly live: LiveModel;
	private readonly draw: ReturnType<typeof languageBatches>;
	private readonly rate: (step: number) => number;
	private measuring: Promise<unknown> = Promise.resolve();

	private constructor(
		readonly settings: TrainSettings,
		private readonly base: Model,
		private readonly trainer: Trainer,
	) {
		const run = recipe(settings);
		this.live = new LiveModel(base);
		this.draw = languageBatches(run, base.config.vocab);
		this.rate = schedule(run.scheduler_config);
	}

	/** @param base architecture, tokenizer and engine; its weights are not read */
	static async start(settings: TrainSettings, base: Model): Promise<Training> {
		const { seed, length, batch_size: batch, optimizer_config } = recipe(settings);
		const optimizer = OPTIMIZERS.find(({ name }) => name === optimizer_config.optimizer_type);
		if (!optimizer) throw new Error(`internal: no optimizer ${optimizer_config.optimizer_type}`);
		const config = { family: base.family, config: base.config };
		const weights = languageObjective.initialWeights(config, seed);
		const trainer = await Trainer.create({
			objective: languageObjective,
			...{ config, batch, length, optimizer, settings: optimizer_config, weights },
			engine: base.engine,
		});
		const training = new Training(settings, base, trainer);
		training.kept.set(0, weights);
		return training;
	}

	get sizes(): { nLayers: number; nHeads: number; parameters: number } {
		const { family, config } = this.base;
		const counts = family.weights(config).map(({ shape }) => shape.reduce((a, b) => a * b, 1));
		return {
			nLayers: config.nLayers,
			nHeads: config.nHeads,
			parameters: counts.reduce((a, b) => a + b, 0),
		};
	}

	/** Updates that were done. */
	get step(): number {
		return this.losses.length;
	}

	get ended(): boolean {
		return this.problem !== "" || this.step >= this.settings.steps;
	}

	/** Whether a measurement would leave training its share of the time. */
	get affordsMeasure(): boolean {
		return this.since >= TRAIN_PER_MEASURE * this.cost;
	}

	/** Updates after which the weights were kept, ascending. */
	get steps(): number[] {
		return [...this.kept.keys()].sort((a, b) => a - b);
	}

	/** Trains on; between two updates the thread turns to its events, so that other calls are answered. */
	async advance({ ms, updates, signal }: Stretch): Promise<void> {
		const begun = performance.now();
		for (let done = 0; done < updates && !this.ended && !signal.aborted; done++) {
			const before = performance.now();
			if (done > 0 && before - begun >= ms) break;
			const { step } = this;
			const loss = await this.trainer.step(this.draw(step), step, this.rate(step));
			if (!Number.isFinite(loss)) {
				this.problem = `the loss is ${loss} at step ${step}; start again with a lower learning rate`;
				break;
			}
			this.losses.push(loss);
			this.since += performance.now() - before;
			if (this.step % KEEP_EVERY === 0 || this.ended) await this.keep();
			await nextTurn();
		}
	}

	/** Keeps the weights as they are now. */
	async keep(): Promise<void> {
		if (!this.kept.has(this.step)) this.kept.set(this.step, await this.trainer.weights());
	}

	/** What the model does now. */
	async measureNow(prompt: string): Promise<TrainFrame> {
		const { step } = this;
		const weights = this.kept.get(step) ?? (await this.trainer.weights());
		const before = performance.now();
		const frame = await this.measure(step, weights, prompt);
		this.cost = performance.now() - before;
		this.since = 0;
		return frame;
	}

	/** What the model did after an update whose weights were kept. */
	measureAt(step: number, prompt: string): Promise<TrainFrame> {
		return this.measure(step, this.weightsAt(step), prompt);
	}

	/** The model after an update whose weights were kept, for somebody who disposes of it. */
	modelAt(step: number): Promise<Model> {
		return this.base.withWeights(this.base.config, this.weightsAt(step));
	}

	async dispose(): Promise<void> {
		this.problem ||= "this training was ended";
		await this.measuring;
		await this.live.dispose();
		await this.trainer.dispose();
	}

	private weightsAt(step: number): Weights {
		const weights = this.kept.get(step);
		if (weights) return weights;
		throw new Error(`step ${step} was not kept; kept are multiples of ${KEEP_EVERY} up to ${this.step}`);
	}

	/** One measurement at a time, since they share a model. */
	private measure(step: number, weights: Weights, prompt: string): Promise<TrainFrame> {
		const measured = this.measuring.then(async () => {
			await this.live.take(weights);
			return frameOf(this.live.model, step, prompt);
		});
		this.measuring = measured.catch(() => {});
		return measured;
	}
}

async function frameOf(model: Model, step: number, prompt: string): Promise<TrainFrame> {
	const found = await scoreHeads(model, TRAIN_SCORES, { samples: SAMPLES });
	const values = (name: TrainScore): number[][] => found.get(name)?.values ?? [];
	const scores = { induction: values("induction"), "previous-token": values("previous-token") };
	const about = { step, prompt, scores };
	try {
		const [row = []] = tokenRows(model, { prompts: [prompt] });
		const [look] = await lookAt(model, { ids: [row.map(({ id }) => id)] });
		if (!look) throw new Error("internal: no look");
		const tokens = row.map(({ shown }) => shown);
		return { ...about, tokens, pattern: look.pattern, problem: "", next: likeliest(model, look.last) };
	} catch (error) {
		return { ...about, tokens: [], problem: error instanceof Error ? error.message : String(error) };
	}
}

function likeliest({ tokenizer }: Model, logits: Float32Array): NonNullable<TrainFrame["next"]> {
	const highest = Math.max(...logits);
	const id = logits.indexOf(highest);
	const probability = 1 / logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0);
	return { shown: tokenizer?.displayText(id) ?? String(id), probability };
}

/** Lets the thread turn to its events; a timer would wait milliseconds. */
function nextTurn(): Promise<void> {
	return new Promise((resolve) => {
		const { port1, port2 } = new MessageChannel();
		port1.onmessage = () => {
			port1.close();
			resolve();
		};
		port2.postMessage(null);
	});
}

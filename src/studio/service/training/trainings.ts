import type { Model } from "headscope";
import { type ModelMaker, type StudioState, TRAINED } from "../state.js";
import type { TrainSettings } from "./recipe.js";
import { Training } from "./training.js";

/** The model whose architecture and tokenizer are trained. */
const BASE = "demo";

/** The training of an engine: one at a time, the newest. */
export class Trainings implements ModelMaker {
	private base: Promise<Model> | undefined;
	private current: { readonly id: number; readonly training: Training } | undefined;
	private last = 0;

	private constructor(private readonly state: StudioState) {}

	static of(state: StudioState): Trainings {
		const known = state.makers.get(TRAINED);
		if (known instanceof Trainings) return known;
		const made = new Trainings(state);
		state.makers.set(TRAINED, made);
		return made;
	}

	/** Begins a training; the one before it ends, models of it that are open stay. */
	async start(settings: TrainSettings, signal: AbortSignal): Promise<{ id: number; training: Training }> {
		// a model of its own: the page may close the one that it shows. It is kept, so no signal ends it
		this.base ??= this.state.host.openModel(BASE, {
			signal: new AbortController().signal,
			onProgress: () => {},
		});
		this.base.catch(() => {
			this.base = undefined;
		});
		const base = await this.base;
		signal.throwIfAborted();
		await this.current?.training.dispose();
		this.current = { id: ++this.last, training: await Training.start(settings, base) };
		return this.current;
	}

	/** @throws {Error} for a training that is gone */
	find(id: number): Training {
		if (this.current?.id === id) return this.current.training;
		throw new Error(`training ${id} is gone: a newer one was started here, or the engine was; start again`);
	}

	async make(ref: string): Promise<Model> {
		const step = Number(ref.slice(TRAINED.length + 1));
		if (!this.current) throw new Error(`"${ref}": nothing is being trained here`);
		return this.current.training.modelAt(step);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.current?.training.dispose();
		await (await this.base?.catch(() => undefined))?.dispose();
	}
}

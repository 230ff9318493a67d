import type { Model } from "headscope";
import { MOST_STEP_BYTES, roughBytes, sameTraining, stepOf } from "../step-ref.js";
import type { OpenOptions, StudioHost } from "./host.js";
import { OpenRuns } from "./open-runs.js";

/** Looks without changes that are kept, so that moving a slider runs the changed model only. */
const LOOKS_KEPT = 16;

/** What stands before the "@" in the names of models that were trained here; no folder of the user's is named so by chance. */
export const TRAINED = "trained-here";

/** Makes models that no file holds. */
export interface ModelMaker extends AsyncDisposable {
	/** The model of a name such as "trained-here@100", for somebody who disposes of it. */
	make(ref: string): Promise<Model>;
}

/** An opened model. */
export interface OpenedModel {
	readonly ref: string;
	readonly model: Model;
	/** Clean looks by what was asked. */
	readonly looks: Map<string, Promise<unknown>>;
}

/** What the service keeps from one call to the next. */
export class StudioState {
	private readonly opened = new Map<string, OpenedModel>();
	/** Regression runs. */
	readonly runs = new OpenRuns(() => this.host.checkpoints);

	/** By what stands before the "@" of their models' names. */
	readonly makers = new Map<string, ModelMaker>();

	constructor(readonly host: StudioHost) {}

	/** A model by its name, from a maker here or from the host; whoever asked disposes of it. */
	async openModel(ref: string, options: OpenOptions): Promise<Model> {
		const [base = ref] = ref.split("@");
		const maker = this.makers.get(base);
		if (maker) return maker.make(ref);
		if (base === TRAINED)
			throw new Error(`${ref} was trained in a page, which keeps it while it is open; train it again`);
		return this.host.openModel(ref, options);
	}

	/** @throws {Error} for a model that was not opened */
	model(ref: string): OpenedModel {
		const found = this.opened.get(ref);
		if (!found) {
			const open = [...this.opened.keys()].join(", ") || "none";
			throw new Error(`model "${ref}" is not open here; open: ${open}`);
		}
		// to the end: what stands first was not used for longest
		this.opened.delete(ref);
		this.opened.set(ref, found);
		return found;
	}

	has(ref: string): boolean {
		return this.opened.has(ref);
	}

	/** Keeps a model, and ends one of the same name; of a training's steps those go that were not used for longest. */
	async keep(ref: string, model: Model): Promise<void> {
		const before = this.opened.get(ref);
		this.opened.set(ref, { ref, model, looks: new Map() });
		await before?.model.dispose();
		await this.end(this.stepsWithoutRoom(ref));
	}

	/** Ends a model, and every step of the same training. */
	close(ref: string): Promise<void> {
		return this.end([...this.opened.values()].filter((one) => sameTraining(one.ref, ref)));
	}

	/** Steps of a step's training beyond what may be kept, the newest two excepted. */
	private stepsWithoutRoom(ref: string): OpenedModel[] {
		if (stepOf(ref) === undefined) return [];
		const steps = [...this.opened.values()].filter(
			(one) => stepOf(one.ref) !== undefined && sameTraining(one.ref, ref),
		);
		let room = MOST_STEP_BYTES;
		return steps.reverse().filter(({ model }, i) => {
			room -= roughBytes(model.config);
			return room < 0 && i > 1;
		});
	}

	private async end(models: readonly OpenedModel[]): Promise<void> {
		for (const { ref } of models) this.opened.delete(ref);
		await Promise.all(models.map(({ model }) => model.dispose()));
	}

	async dispose(): Promise<void> {
		await Promise.all([...this.opened.keys()].map((ref) => this.close(ref)));
		await this.runs.dispose();
		await this.host.checkpoints?.dispose?.();
		await Promise.all([...this.makers.values()].map((maker) => maker[Symbol.asyncDispose]()));
	}
}

/**
 * The value under a key, made where it is not there; the oldest goes where there are too many. Failures are not kept, and
 * whoever waits for somebody else, who gives up, makes it anew.
 * @param signal of who asks; `make` hears it
 */
export async function remember<T>(
	kept: Map<string, Promise<unknown>>,
	key: string,
	make: () => Promise<T>,
	signal: AbortSignal,
): Promise<T> {
	for (let known = kept.get(key); known; known = kept.get(key)) {
		try {
			return (await known) as T;
		} catch (error) {
			if (signal.aborted || !isAbort(error)) throw error;
		}
	}
	const made = make();
	kept.set(key, made);
	made.catch(() => kept.delete(key));
	const oldest = kept.keys().next();
	if (kept.size > LOOKS_KEPT && !oldest.done) kept.delete(oldest.value);
	return made;
}

/** The same model for somebody who will dispose of it while the page goes on with it. */
export function borrowed(model: Model): Model {
	return Object.create(model, { dispose: { value: async () => {} } }) as Model;
}

function isAbort(error: unknown): boolean {
	return error instanceof Error && error.name === "AbortError";
}

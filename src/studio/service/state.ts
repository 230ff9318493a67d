import type { Model } from "headscope";
import type { StudioHost } from "./host.js";

/** Looks without changes that are kept, so that moving a slider runs the changed model only. */
const LOOKS_KEPT = 16;

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

	constructor(readonly host: StudioHost) {}

	/** @throws {Error} for a model that was not opened */
	model(ref: string): OpenedModel {
		const found = this.opened.get(ref);
		if (!found) {
			const open = [...this.opened.keys()].join(", ") || "none";
			throw new Error(`model "${ref}" is not open here; open: ${open}`);
		}
		return found;
	}

	has(ref: string): boolean {
		return this.opened.has(ref);
	}

	/** Keeps a model, and ends one of the same name. */
	async keep(ref: string, model: Model): Promise<void> {
		const before = this.opened.get(ref);
		this.opened.set(ref, { ref, model, looks: new Map() });
		await before?.model.dispose();
	}

	async close(ref: string): Promise<void> {
		const found = this.opened.get(ref);
		this.opened.delete(ref);
		await found?.model.dispose();
	}

	async dispose(): Promise<void> {
		await Promise.all([...this.opened.keys()].map((ref) => this.close(ref)));
	}
}

/** The value under a key, made where it is not there; the oldest goes where there are too many. Failures are not kept. */
export function remember<T>(
	kept: Map<string, Promise<unknown>>,
	key: string,
	make: () => Promise<T>,
): Promise<T> {
	const known = kept.get(key) as Promise<T> | undefined;
	if (known) return known;
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

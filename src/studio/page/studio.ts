import { batch, computed, effect, type Signal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Greeting } from "../service/methods/hello.js";
import type { PromptLook } from "../service/methods/look.js";
import type { ModelInfo } from "../service/methods/open.js";
import type { ParamsOf } from "../service/registry.js";
import { sameTraining } from "../step-ref.js";
import type { Connection } from "../transport/connection.js";
import { SceneHistory } from "./scene/history.js";
import type { Change, Scene } from "./scene/scene.js";

/** How far a model's loading is. */
export interface Loading {
	readonly ref: string;
	readonly what: string;
	readonly done: number;
	/** Bytes; 0 before it is known. */
	readonly total: number;
	readonly rate: number;
	/** A step of the same training: there in a moment, and not worth a word. */
	readonly quiet?: boolean;
}

/** Milliseconds after which the page says that it is computing. */
const SLOW = 400;

/** What the page shows, and what it is doing. Everything follows from the scene; views read these signals. */
export class Studio {
	readonly history: SceneHistory;
	readonly scene: Signal<Scene>;
	readonly greeting = signal<Greeting | undefined>(undefined);
	/** The open model; undefined while none is. */
	readonly model = signal<ModelInfo | undefined>(undefined);
	readonly loading = signal<Loading | undefined>(undefined);
	/** The newest look, one entry for each prompt; it stays while the next one is computed. */
	readonly look = signal<readonly PromptLook[] | undefined>(undefined);
	readonly busy = signal(false);
	/** Whether it has been computing for so long that a word about it does not flicker. */
	readonly slow = signal(false);
	/** Milliseconds that the last look took: what may come later waits as long. */
	pace = 0;
	/** Whether the engine can be reached. */
	readonly reached = signal(true);
	/** What went wrong with the scene, for people; empty when all is well. */
	readonly problem = signal("");
	readonly notices = signal<readonly string[]>([]);
	/** The token under the pointer, by position; null for none. */
	readonly hovered = signal<number | null>(null);
	/** The head shown large. */
	readonly head = computed(() => this.scene.value.head || this.best.value || "0.0");
	/** The best head at the scene's score. */
	readonly best = signal("");
	/** Files that were dropped, by the model's name. */
	private readonly files = new Map<string, readonly File[]>();
	private readonly ends: (() => void)[] = [];

	constructor(
		readonly connection: Connection,
		first: Scene,
	) {
		this.history = new SceneHistory(first);
		this.scene = this.history.scene;
	}

	/** Begins to follow the scene. */
	async start(): Promise<void> {
		this.greeting.value = await this.connection.call("hello", {});
		const ref = computed(() => this.scene.value.model);
		this.ends.push(
			follow(ref, (value, abort) => this.open(value, abort)),
			follow(
				computed(() => this.request.value),
				(value, abort) => this.lookAt(value, abort),
			),
		);
	}

	/** Goes to another model. What was typed and changed stays; the head that was shown may not be there. */
	choose(model: string): void {
		this.edit({ model, head: "", pins: [] }, "model");
	}

	/** Opens a model's files. */
	openFiles(files: readonly File[]): void {
		if (files.length === 0) return;
		const endsIn = (ending: string): File | undefined => files.find(({ name }) => name.endsWith(ending));
		const name = (endsIn(".gguf") ?? endsIn(".safetensors") ?? files[0])?.name.slice(-200) ?? "";
		// the same name may be another file: the one that is open stays until this one is
		let ref = `file:${name}`;
		for (let n = 2; this.files.has(ref); n++) ref = `file:${name} (${n})`;
		this.files.set(ref, files);
		this.choose(ref);
	}

	/** Looks around: undo leaves it alone. */
	show(next: Partial<Scene>): void {
		this.history.set(next);
	}

	/** Changes what is computed. @param kind edits of one kind in quick succession are undone together */
	edit(next: Partial<Scene>, kind: string): void {
		this.history.set(next, kind);
	}

	/** Adds a change, or edits the list. */
	setChanges(changes: readonly Change[], kind = `changes ${changes.length}`): void {
		this.edit({ changes }, kind);
	}

	/** What the engine is asked to look at; undefined while no model is open. */
	private readonly request = memo(
		computed((): ParamsOf<"look"> | undefined => {
			const model = this.model.value;
			const { prompts, bos, changes, donors, weighting } = this.scene.value;
			if (!model) return undefined;
			return {
				model: model.ref,
				prompts: [...prompts],
				...(bos !== null && { bos }),
				interventions: changes.filter(({ on }) => on).map(({ data }) => data),
				...(Object.keys(donors).length > 0 && { donors: { ...donors } }),
				...(weighting === "value" && { weighting }),
			};
		}),
	);

	private async open(ref: string, signal: AbortSignal): Promise<void> {
		const before = this.model.peek();
		if (before?.ref === ref) {
			this.loading.value = undefined;
			return;
		}
		const near = sameTraining(before?.ref, ref);
		const files = this.files.get(ref);
		this.loading.value = { ref, what: "", done: 0, total: 0, rate: 0, quiet: near };
		try {
			const info = await this.connection.call(
				"open",
				{ ref, ...(files && { files: files.map((file) => ({ name: file.name, blob: file })) }) },
				{ signal, onProgress: (progress) => (this.loading.value = { ref, ...progress }) },
			);
			this.model.value = info;
			this.problem.value = "";
			// the steps of a training stay open: a slider goes from one to the other
			if (before && !near) await this.connection.call("close", { ref: before.ref });
		} catch (error) {
			this.fail(error, signal);
			// without a model nothing is looked at
			if (!signal.aborted && !before) this.busy.value = false;
		} finally {
			if (!signal.aborted) this.loading.value = undefined;
		}
	}

	private async lookAt(request: ParamsOf<"look"> | undefined, signal: AbortSignal): Promise<void> {
		this.busy.value = true;
		if (!request) return;
		const start = performance.now();
		const late = setTimeout(() => {
			this.slow.value = true;
		}, SLOW);
		signal.addEventListener("abort", () => clearTimeout(late), { once: true });
		try {
			const look = await this.connection.call("look", request, { signal });
			this.pace = performance.now() - start;
			batch(() => {
				this.look.value = look;
				this.problem.value = "";
			});
		} catch (error) {
			this.fail(error, signal);
		} finally {
			clearTimeout(late);
			if (!signal.aborted) {
				this.slow.value = false;
				this.busy.value = false;
			}
		}
	}

	private fail(error: unknown, signal: AbortSignal): void {
		if (!signal.aborted) this.problem.value = error instanceof Error ? error.message : String(error);
	}

	stop(): void {
		for (const end of this.ends.splice(0)) end();
		this.connection.close();
	}
}

/** Runs `work` with each new value; what is still under way for an older one is aborted. */
function follow<T>(
	values: { readonly value: T },
	work: (value: T, signal: AbortSignal) => Promise<void>,
): () => void {
	let abort = new AbortController();
	const end = effect(() => {
		const { value } = values;
		abort.abort();
		abort = new AbortController();
		void work(value, abort.signal);
	});
	return () => {
		end();
		abort.abort();
	};
}

/** A value that is the same object for as long as its JSON is. */
function memo<T>(values: { readonly value: T }): { readonly value: T } {
	let [known, text]: [T | undefined, string | undefined] = [undefined, undefined];
	return computed(() => {
		const { value } = values;
		const now = JSON.stringify(value);
		if (now !== text) [known, text] = [value, now];
		return known as T;
	});
}

const Context = createContext<Studio | undefined>(undefined);
export const StudioProvider = Context.Provider;

/** The studio that a component is part of. */
export function useStudio(): Studio {
	const studio = useContext(Context);
	if (!studio) throw new Error("internal: a component outside the studio");
	return studio;
}

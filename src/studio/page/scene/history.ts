import { computed, signal } from "@preact/signals";
import type { Scene } from "./scene.js";

/** Steps that can be gone back. */
const MOST = 200;
/** Edits of one kind that follow each other faster than this are one step: a slider's way, a typed word. In ms. */
const TOGETHER = 700;

/** What one step changes: parts of the scene, and views' own parts by their id, with what to put there. */
interface Step {
	readonly parts: Partial<Scene>;
	readonly views: Readonly<Record<string, unknown>>;
}

/** The scene with its past and future. A step holds only what its edit changed: what is looked at meanwhile stays. */
export class SceneHistory {
	private readonly past = signal<readonly Step[]>([]);
	private readonly future = signal<readonly Step[]>([]);
	private last = { kind: "", at: Number.NEGATIVE_INFINITY };
	readonly scene;
	readonly canUndo = computed(() => this.past.value.length > 0);
	readonly canRedo = computed(() => this.future.value.length > 0);

	constructor(first: Scene) {
		this.scene = signal(first);
	}

	/**
	 * Goes on to another scene.
	 * @param kind edits of one kind in quick succession are undone together; empty: looking around, which undo leaves alone
	 */
	set(next: Partial<Scene>, kind = "", now: number = performance.now()): void {
		const before = this.scene.peek();
		const after = { ...before, ...next };
		this.scene.value = after;
		if (kind === "") return;
		const together = kind === this.last.kind && now - this.last.at < TOGETHER;
		this.last = { kind, at: now };
		const past = this.past.peek();
		const way = wayBack(before, after);
		const earlier = together ? past.at(-1) : undefined;
		// of edits that are one step, the first knows what was there before
		const step = earlier
			? { parts: { ...way.parts, ...earlier.parts }, views: { ...way.views, ...earlier.views } }
			: way;
		this.past.value = [...past.slice(earlier ? 0 : 1 - MOST, earlier ? -1 : undefined), step];
		this.future.value = [];
	}

	undo(): void {
		this.go(this.past, this.future);
	}

	redo(): void {
		this.go(this.future, this.past);
	}

	private go(from: typeof this.past, to: typeof this.past): void {
		const step = from.peek().at(-1);
		if (!step) return;
		const before = this.scene.peek();
		const views = Object.entries({ ...before.views, ...step.views }).filter(
			([, state]) => state !== undefined,
		);
		const after = { ...before, ...step.parts, views: Object.fromEntries(views) };
		from.value = from.peek().slice(0, -1);
		to.value = [...to.peek(), wayBack(before, after)];
		this.last = { kind: "", at: Number.NEGATIVE_INFINITY };
		this.scene.value = after;
	}
}

/** What makes the scene before an edit of the one after it. */
function wayBack(before: Scene, after: Scene): Step {
	const parts = Object.keys(before).filter((key) => key !== "views") as (keyof Scene)[];
	const changed = parts.filter((key) => before[key] !== after[key]);
	const ids = new Set([...Object.keys(before.views), ...Object.keys(after.views)]);
	return {
		parts: Object.fromEntries(changed.map((key) => [key, before[key]])),
		views: Object.fromEntries(
			[...ids].filter((id) => before.views[id] !== after.views[id]).map((id) => [id, before.views[id]]),
		),
	};
}

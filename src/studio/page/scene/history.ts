import { computed, signal } from "@preact/signals";
import type { Scene } from "./scene.js";

/** Steps that can be gone back. */
const MOST = 200;
/** Edits of one kind that follow each other faster than this are one step: a slider's way, a typed word. In ms. */
const TOGETHER = 700;

/** The scene with its past and future. */
export class SceneHistory {
	private readonly past = signal<readonly Scene[]>([]);
	private readonly future = signal<readonly Scene[]>([]);
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
		this.scene.value = { ...before, ...next };
		if (kind === "") return;
		const together = kind === this.last.kind && now - this.last.at < TOGETHER;
		this.last = { kind, at: now };
		if (!together) this.past.value = [...this.past.peek().slice(1 - MOST), before];
		this.future.value = [];
	}

	undo(): void {
		this.go(this.past, this.future);
	}

	redo(): void {
		this.go(this.future, this.past);
	}

	private go(from: typeof this.past, to: typeof this.past): void {
		const target = from.peek().at(-1);
		if (!target) return;
		from.value = from.peek().slice(0, -1);
		to.value = [...to.peek(), this.scene.peek()];
		this.last = { kind: "", at: Number.NEGATIVE_INFINITY };
		// what is looked at stays: only edits are undone
		const { view, token, scale, order, score, weighting } = this.scene.peek();
		this.scene.value = { ...target, view, token, scale, order, score, weighting };
	}
}

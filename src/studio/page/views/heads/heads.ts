import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { HeadScores } from "headscope/scores";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import * as z from "zod/mini";
import type { PromptLook } from "../../../service/methods/look.js";
import type { Token } from "../../../service/rows.js";
import { largestOf, type Matrix, type Part } from "../../draw/draw-pattern.js";
import { type Colours, coloursFor } from "../../draw/ink.js";
import { isDark } from "../../draw/theme.js";
import { chosenOf, lookAt } from "../../parts/chosen-prompt.js";
import type { TokenMarks } from "../../parts/token-strip.js";
import type { Studio } from "../../studio.js";
import { whole } from "./matrix-part.js";
import { wipedHeads } from "./wipe.js";

/** What this view keeps in the scene. */
export const HEADS_STATE = z.strictObject({
	/** Which model's patterns are drawn, where there are changes. */
	show: z.enum(["clean", "changed", "difference"]),
	/** Which model the scores are of. */
	scored: z.enum(["clean", "changed"]),
	/** What the scores are computed on. */
	rows: z.enum(["samples", "prompts"]),
});
export type HeadsState = z.output<typeof HEADS_STATE>;
export const HEADS_FIRST: HeadsState = { show: "changed", scored: "clean", rows: "samples" };

/** All heads' matrices of the chosen prompt, as they are to be drawn. */
export interface Patterns {
	readonly tokens: readonly Token[];
	readonly nLayers: number;
	readonly nHeads: number;
	/** Tokens. */
	readonly size: number;
	readonly data: Float32Array;
	/** What is taken away, for differences. */
	readonly minus?: Float32Array;
}

/** A query, a key, or both: a row, a column, a cell. */
export interface Place {
	readonly query: number | null;
	readonly key: number | null;
}

const NOWHERE: Place = { query: null, key: null };
/** Tokens of the strip that are lit at once. */
const MOST_LIT = 10;
/** Changes of a pattern that are worth a mark on its head. */
const LEAST_CHANGE = 0.005;

/** What the parts of the heads view share; everything follows from the studio's signals. */
export class Heads {
	private readonly chosen = computed(() => chosenOf(this.studio.scene.value));
	/** The chosen prompt's look. */
	readonly look = computed(() => lookAt(this.studio.look.value, this.chosen.value));
	readonly state = computed((): HeadsState => {
		const given = this.studio.scene.value.views.heads as object | undefined;
		return HEADS_STATE.safeParse({ ...HEADS_FIRST, ...given }).data ?? HEADS_FIRST;
	});
	private readonly show = computed(() => this.state.value.show);
	/** What is drawn; without changes always the clean patterns. */
	readonly shown = computed(() => (this.look.value?.changed ? this.show.value : "clean"));
	readonly scale = computed(() => this.studio.scene.value.scale);
	readonly weighting = computed(() => this.studio.scene.value.weighting);
	readonly pins = computed(() => this.studio.scene.value.pins);
	private readonly changes = computed(() => this.studio.scene.value.changes);
	readonly score = computed(() => this.studio.scene.value.score);

	readonly patterns: ReadonlySignal<Patterns | undefined> = computed(() => {
		const look = this.look.value;
		if (!look) return undefined;
		const { clean, changed, tokens } = look;
		const shown = this.shown.value;
		const [nLayers = 0, nHeads = 0, size = 0] = clean.pattern.shape;
		const { data } = shown === "clean" || !changed ? clean.pattern : changed.pattern;
		return {
			...{ tokens, nLayers, nHeads, size, data },
			...(shown === "difference" && { minus: clean.pattern.data }),
		};
	});

	/** What the numbers are. */
	readonly measure = computed(() => {
		const what = this.weighting.value === "value" ? "||attention × value||" : "attention";
		return this.shown.value === "difference" ? `${what}, changed − clean` : what;
	});

	/** Colours that all small heads share. */
	readonly tileColours: ReadonlySignal<Colours> = computed(() =>
		this.coloursOf((hideFirst) => {
			const patterns = this.patterns.value;
			if (!patterns) return 1;
			let largest = 0;
			for (let layer = 0; layer < patterns.nLayers; layer++) {
				for (let head = 0; head < patterns.nHeads; head++) {
					const matrix = matrixOf(patterns, `${layer}.${head}`);
					if (matrix) largest = Math.max(largest, largestOf(matrix, hideFirst));
				}
			}
			return largest;
		}),
	);

	/** Each head's largest absolute difference of changed and clean pattern; undefined without changes. */
	readonly differences: ReadonlySignal<Float32Array | undefined> = computed(() => {
		const { clean, changed } = this.look.value ?? {};
		if (!clean || !changed) return undefined;
		const [nLayers = 0, nHeads = 0, size = 0] = clean.pattern.shape;
		return Float32Array.from({ length: nLayers * nHeads }, (_, i) => {
			const offset = i * size * size;
			return largestOf({
				...{ data: changed.pattern.data, offset, size },
				minus: { data: clean.pattern.data, offset },
			});
		});
	});

	/** Heads that a change of their own ablates. */
	readonly wiped = computed(() => wipedHeads(this.changes.value));

	/** The scene's score of every head; undefined until it is known. */
	readonly scores = signal<HeadScores | undefined>(undefined);
	/** Whether the best head may still become known. */
	readonly finding = signal(true);
	/** The head shown large; undefined while the best one is being found. */
	readonly large = computed(() => {
		const { head } = this.studio.scene.value;
		const best = this.studio.best.value;
		if (head || best) return head || best;
		return this.finding.value && this.score.value !== "" ? undefined : "0.0";
	});
	/** The small head that the Tab key reaches. */
	readonly cursor = signal("");

	/** What the pointer or the keyboard points at inside a matrix. */
	readonly pointed = signal<Place | null>(null);
	private readonly locked = computed(() => this.studio.scene.value.token);
	/** What is marked in every matrix: what is pointed at, else the token under the pointer, else the locked one. */
	readonly place: ReadonlySignal<Place> = computed(() => {
		const size = this.patterns.value?.size ?? 0;
		const token = this.studio.hovered.value ?? this.locked.value;
		const place = this.pointed.value ?? (token === null ? NOWHERE : { query: token, key: token });
		const inside = (at: number | null): number | null => (at === null || at >= size ? null : at);
		return { query: inside(place.query), key: inside(place.key) };
	});
	/** Where the large head's query looks, for the strip of tokens; of a key alone, who looks at it. */
	readonly marks: ReadonlySignal<TokenMarks> = computed(() => {
		const { query, key } = this.place.value;
		const name = this.large.value;
		const matrix = this.patterns.value && name ? matrixOf(this.patterns.value, name) : undefined;
		if (!matrix) return new Map();
		const line = lineOf(matrix, { query, key });
		const top = largestPlaces(line, MOST_LIT);
		const most = Math.abs(line[top[0] ?? 0] ?? 0) || 1;
		return new Map(top.map((at) => [at, Math.abs(line[at] as number) / most]));
	});

	private readonly zoomed = signal<(Part & { readonly size: number }) | undefined>(undefined);
	/** What of every large matrix is shown. */
	readonly part: ReadonlySignal<Part> = computed(() => {
		const size = this.patterns.value?.size ?? 1;
		const zoomed = this.zoomed.value;
		// a part of another text means nothing
		return zoomed?.size === size ? zoomed : whole(size);
	});

	constructor(readonly studio: Studio) {}

	zoomTo(part: Part): void {
		this.zoomed.value = { ...part, size: this.patterns.peek()?.size ?? 1 };
	}

	/** The colours of one matrix, or of all. */
	coloursOf(largest: (hideFirst: boolean) => number): Colours {
		return coloursFor({
			scale: this.scale.value,
			difference: this.shown.value === "difference",
			shares: this.weighting.value === "pattern",
			dark: isDark.value,
			largest,
		});
	}

	/** How much a head's pattern changed, for its mark; empty where it did not. */
	changeOf(name: string): string {
		const [layer = 0, head = 0] = name.split(".").map(Number);
		const [, nHeads = 0] = this.look.value?.clean.pattern.shape ?? [];
		const change = this.differences.value?.[layer * nHeads + head] ?? 0;
		return change < LEAST_CHANGE ? "" : `Δ ${change.toFixed(2)}`;
	}

	/** Locks a token, or frees it where it is locked already. */
	lock(token: number | null): void {
		this.studio.show({ token: token === this.studio.scene.peek().token ? null : token });
	}

	/** Puts a head beside the large one, or takes it away. */
	pin(name: string): void {
		const { pins } = this.studio.scene.peek();
		const without = pins.filter((pin) => pin !== name);
		this.studio.show({ pins: without.length < pins.length ? without : [...pins.slice(1 - MOST_PINS), name] });
	}
}

/** As many as a scene holds. */
const MOST_PINS = 12;

/** One head's matrix; undefined for a head that these patterns do not have. */
export function matrixOf({ nLayers, nHeads, size, data, minus }: Patterns, name: string): Matrix | undefined {
	const [layer = 0, head = 0] = name.split(".").map(Number);
	if (layer >= nLayers || head >= nHeads) return undefined;
	const offset = (layer * nHeads + head) * size * size;
	return { data, offset, size, ...(minus && { minus: { data: minus, offset } }) };
}

/** One head in the clean and the changed model. */
export function sidesOf(
	{ clean, changed }: PromptLook,
	name: string,
): { readonly clean?: Matrix | undefined; readonly changed?: Matrix | undefined } {
	const of = ({ shape, data }: PromptLook["clean"]["pattern"]): Matrix | undefined => {
		const [nLayers = 0, nHeads = 0, size = 0] = shape;
		return matrixOf({ tokens: [], nLayers, nHeads, size, data }, name);
	};
	return { clean: of(clean.pattern), changed: changed && of(changed.pattern) };
}

/** A row of a matrix by key; of a key alone, its column by query. */
export function lineOf({ data, offset, size, minus }: Matrix, { query, key }: Place): Float32Array {
	const line = new Float32Array(size);
	if (query === null && key === null) return line;
	for (let i = 0; i < size; i++) {
		const at = query !== null ? query * size + i : i * size + (key as number);
		line[i] = (data[offset + at] as number) - (minus ? (minus.data[minus.offset + at] as number) : 0);
	}
	return line;
}

/** Places of the k values farthest from 0, farthest first; zeros are none. */
export function largestPlaces(values: Float32Array, k: number): number[] {
	const best: number[] = [];
	for (let i = 0; i < values.length; i++) {
		const size = Math.abs(values[i] as number);
		if (size === 0) continue;
		const at = best.findIndex((j) => Math.abs(values[j] as number) < size);
		if (at < 0 && best.length === k) continue;
		best.splice(at < 0 ? best.length : at, 0, i);
		if (best.length > k) best.pop();
	}
	return best;
}

const Context = createContext<Heads | undefined>(undefined);
export const HeadsProvider = Context.Provider;

/** What the parts of the heads view share. */
export function useHeads(): Heads {
	const heads = useContext(Context);
	if (!heads) throw new Error("internal: a part of the heads view outside it");
	return heads;
}

import { tokenLabel } from "headscope/figures";
import { make, shown } from "./dom.js";
import { drawHead, type Ink, inkOf } from "./draw.js";
import { HeadButtons } from "./head-buttons.js";
import { headName, type PatternSet } from "./pattern-set.js";
import { TokenStrip } from "./token-strip.js";
import { valueTable } from "./value-table.js";

/** Texts of the tokens along each axis. */
export interface AxisTokens {
	readonly query: readonly string[];
	readonly key: readonly string[];
}

/** Pixels on a side of the large matrix; more tokens are drawn in blocks. */
const LARGE = 1024;

/** Everything that is seen of one set of patterns. */
export class Viewer {
	readonly root = make("div", {}, { part: "viewer" });
	private readonly heads: HeadButtons;
	private readonly title = make("h2");
	private readonly scale = make(
		"button",
		{ type: "button", textContent: "Log scale" },
		{ "aria-pressed": "false" },
	);
	private readonly toward = make(
		"button",
		{ type: "button", textContent: "Who looks at it" },
		{
			"aria-pressed": "false",
			title: "Shade the tokens that attend to a token, instead of those it attends to",
		},
	);
	private readonly canvas = make("canvas");
	private readonly row = make("div", { className: "mark", hidden: true });
	private readonly cell = make("div", { className: "mark", hidden: true });
	private readonly matrix = make(
		"div",
		{ className: "matrix", tabIndex: 0 },
		{ role: "group", part: "matrix" },
		this.canvas,
		this.row,
		this.cell,
	);
	private readonly readout = make("p", { className: "readout" }, { role: "status", part: "readout" });
	private readonly strips: readonly TokenStrip[];
	private readonly table = make(
		"div",
		{ className: "scroll", tabIndex: 0 },
		{ role: "group", "aria-label": "Values" },
	);
	private readonly details = make(
		"details",
		{},
		{},
		make("summary", { textContent: "Values as a table" }),
		this.table,
	);
	private readonly labels: AxisTokens;
	/** The token that stays when the pointer leaves, by position. */
	private locked: number | null = null;
	private cursor: { query: number; key: number } | null = null;
	private ink: Ink;

	constructor(
		private readonly set: PatternSet,
		tokens: AxisTokens,
		private dark: boolean,
		/** The head to begin with, by its place. */
		private head: number,
		/** Told when somebody chooses another head. */
		onHead: (name: string) => void,
	) {
		this.labels = { query: tokens.query.map(tokenLabel), key: tokens.key.map(tokenLabel) };
		this.ink = this.inkNow();
		this.heads = new HeadButtons(set, (chosen) => {
			this.show(chosen);
			onHead(headName(set, chosen));
		});
		const same = this.labels.query.join("\n") === this.labels.key.join("\n");
		const strip = (axis: "query" | "key", label: string): TokenStrip =>
			new TokenStrip(label, this.labels[axis], {
				hover: (position) => this.hover(axis, position),
				lock: (position) => this.lock(axis, position),
			});
		this.strips = same ? [strip("query", "Tokens")] : [strip("query", "Queries"), strip("key", "Keys")];
		this.root.append(
			this.heads.root,
			make("div", { className: "bar" }, { part: "bar" }, this.title, this.scale, this.toward),
			this.matrix,
			this.readout,
			...this.strips.map(({ root }) => root),
			this.details,
		);
		// cells keep their shape where there are more keys than queries
		this.canvas.style.aspectRatio = `${set.keys} / ${set.queries}`;
		this.listen();
		this.show(head);
	}

	/** Shows a head, by its place. */
	show(head: number): void {
		this.head = head;
		const name = headName(this.set, head);
		this.title.textContent = `Head ${name}`;
		this.matrix.setAttribute(
			"aria-label",
			`Attention pattern of head ${name}, rows are queries; the arrow keys move from cell to cell`,
		);
		this.heads.choose(head);
		this.draw();
	}

	setDark(dark: boolean): void {
		this.dark = dark;
		this.draw();
	}

	private get isLog(): boolean {
		return this.scale.ariaPressed === "true";
	}

	/** Whether a token is a key, and those that attend to it are shaded. */
	private get isToward(): boolean {
		return this.toward.ariaPressed === "true";
	}

	private inkNow(): Ink {
		return inkOf(this.set, this.isLog ? "log" : "linear", this.dark);
	}

	private draw(): void {
		this.ink = this.inkNow();
		drawHead(this.canvas, this.set, this.head, this.ink, LARGE);
		this.heads.draw(this.ink);
		this.mark(this.cursor);
		if (this.details.open) this.fillTable();
	}

	private fillTable(): void {
		this.table.replaceChildren(valueTable(this.set, this.head, this.labels));
	}

	private listen(): void {
		for (const button of [this.scale, this.toward]) {
			button.addEventListener("click", () => {
				button.ariaPressed = String(button.ariaPressed !== "true");
				this.draw();
			});
		}
		this.details.addEventListener("toggle", () => this.details.open && this.fillTable());
		this.matrix.addEventListener("pointermove", (event) => this.mark(this.cellAt(event)));
		this.matrix.addEventListener("pointerleave", () => this.mark(null));
		this.matrix.addEventListener("click", (event) => {
			const { query, key } = this.cellAt(event);
			this.lock(this.isToward ? "key" : "query", this.isToward ? key : query);
		});
		this.matrix.addEventListener("keydown", (event) => {
			if (this.onKey(event.key)) event.preventDefault();
		});
		this.matrix.addEventListener("focus", () =>
			this.mark(this.cursor ?? { query: this.set.queries - 1, key: 0 }),
		);
		this.root.addEventListener("keydown", ({ key }) => {
			if (key !== "Escape") return;
			this.locked = null;
			this.mark(this.cursor);
		});
	}

	private cellAt({ clientX, clientY }: MouseEvent): { query: number; key: number } {
		const { left, top, width, height } = this.canvas.getBoundingClientRect();
		const place = (at: number, size: number, count: number): number =>
			Math.min(count - 1, Math.max(0, Math.floor((at / size) * count)));
		return {
			query: place(clientY - top, height, this.set.queries),
			key: place(clientX - left, width, this.set.keys),
		};
	}

	/** @returns whether the key does something in the matrix */
	private onKey(key: string): boolean {
		const { query, key: column } = this.cursor ?? { query: 0, key: 0 };
		const moves: Readonly<Record<string, readonly [number, number]>> = {
			ArrowUp: [query - 1, column],
			ArrowDown: [query + 1, column],
			ArrowLeft: [query, column - 1],
			ArrowRight: [query, column + 1],
			Home: [query, 0],
			End: [query, this.set.keys - 1],
		};
		const move = moves[key];
		if (move) {
			const within = (at: number, count: number): number => Math.min(count - 1, Math.max(0, at));
			this.mark({ query: within(move[0], this.set.queries), key: within(move[1], this.set.keys) });
			return true;
		}
		if (key !== "Enter" && key !== " ") return false;
		this.lock(this.isToward ? "key" : "query", this.isToward ? column : query);
		return true;
	}

	private lock(axis: "query" | "key", position: number): void {
		// a strip of its own for keys says which way is meant
		if (this.strips.length > 1) this.toward.ariaPressed = String(axis === "key");
		this.locked = this.locked === position ? null : position;
		this.mark(this.cursor);
	}

	private hover(axis: "query" | "key", position: number | null): void {
		if (position === null) {
			this.mark(null);
			return;
		}
		if (this.strips.length > 1) this.toward.ariaPressed = String(axis === "key");
		const isKey = this.isToward;
		const best = this.largestOf(position);
		this.mark(isKey ? { query: best, key: position } : { query: position, key: best });
	}

	/** Where a token looks most, or which token looks at it most. */
	private largestOf(position: number): number {
		let best = 0;
		const values = this.valuesOf(position);
		for (const [i, value] of values.entries()) if (value > (values[best] as number)) best = i;
		return best;
	}

	/** What a token attends to each key with, or what each query attends to it with. */
	private valuesOf(position: number): Float32Array {
		const { queries, keys, data } = this.set;
		const start = this.head * queries * keys;
		if (!this.isToward) return data.subarray(start + position * keys, start + (position + 1) * keys);
		return Float32Array.from(
			{ length: queries },
			(_, query) => data[start + query * keys + position] as number,
		);
	}

	/** Points at a cell; without one the locked token stays. */
	private mark(cursor: { query: number; key: number } | null): void {
		this.cursor = cursor;
		const { queries, keys, data } = this.set;
		const pointed = cursor && (this.isToward ? cursor.key : cursor.query);
		const token = this.locked ?? pointed;
		const place = (mark: HTMLElement, query: number | null, key: number | null): void => {
			mark.hidden = query === null && key === null;
			Object.assign(mark.style, {
				top: `${(100 * (query ?? 0)) / queries}%`,
				height: `${query === null ? 100 : 100 / queries}%`,
				left: `${(100 * (key ?? 0)) / keys}%`,
				width: `${key === null ? 100 : 100 / keys}%`,
			});
		};
		place(
			this.row,
			token !== null && !this.isToward ? token : null,
			token !== null && this.isToward ? token : null,
		);
		place(this.cell, cursor?.query ?? null, cursor?.key ?? null);
		if (cursor) {
			const { query, key } = cursor;
			const value = data[(this.head * queries + query) * keys + key] as number;
			this.readout.textContent = `query ${query} ${this.labels.query[query]} → key ${key} ${this.labels.key[key]}: ${shown(value)}`;
		} else {
			this.readout.textContent =
				token === null
					? "Point at a cell or a token; a click holds it, Escape lets go."
					: `token ${token} ${this.labels[this.isToward ? "key" : "query"][token]} is held; Escape lets go.`;
		}
		const weights = token === null ? undefined : this.valuesOf(token);
		// what is shaded: the keys of a query, or the queries of a key
		const [first, second = first] = this.strips;
		const shaded = this.isToward ? first : second;
		for (const strip of this.strips) {
			const of = strip === shaded ? weights : undefined;
			strip.shade(of, Math.max(1e-9, this.set.range[1], -this.set.range[0]));
			const isOwn = this.strips.length === 1 || strip !== shaded;
			strip.point(isOwn ? token : null, isOwn ? this.locked : null);
		}
	}
}

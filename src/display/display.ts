import { attentionPattern } from "../figures/attention-pattern.js";
import { headGrid } from "../figures/head-grid.js";
import { Tensor } from "../tensor/index.js";
import { framedPage, htmlTable, textTable } from "./markup.js";
import { tableOf } from "./tables.js";

/** What the Deno kernel of Jupyter asks an object for its looks by. */
const JUPYTER: unique symbol = Symbol.for("Jupyter.display");
/** The same for Deno's and Node's consoles. */
const DENO: unique symbol = Symbol.for("Deno.customInspect");
const NODE: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/** How something is shown. */
export interface DisplayOptions {
	/** Of a pattern: the texts of its tokens. Default: their positions. */
	readonly tokens?: readonly string[];
	/** Above a figure or table. */
	readonly title?: string;
	/** Rows of a table at most. Default 20. */
	readonly top?: number;
}

/** Something with its looks by MIME type: what a cell's last line must be to be shown. */
export class Displayed {
	/** @param mime contents by MIME type, `text/plain` among them */
	constructor(readonly mime: Readonly<Record<string, string>>) {}

	/** Jupyter's protocol for the Deno kernel: the contents by MIME type. */
	[JUPYTER](): Readonly<Record<string, string>> {
		return this.mime;
	}

	/** The plain text. */
	toString(): string {
		return this.mime["text/plain"] ?? "";
	}

	/** For consoles: the plain text. */
	[DENO](): string {
		return this.toString();
	}

	/** For consoles: the plain text. */
	[NODE](): string {
		return this.toString();
	}
}

/**
 * Makes something that a notebook shows: a figure (SVG text), a page (HTML text), attention patterns ([query, key],
 * [head, query, key] or [layer, head, query, key], probabilities), scores of heads, an experiment's result, a list of
 * records, or anything else as JSON. In Jupyter with the Deno kernel let it be a cell's last line; in Observable or any
 * page use {@link toNode}.
 *
 * @throws {RangeError} for a pattern that no figure draws, such as values outside 0..1
 */
export function display(value: unknown, options: DisplayOptions = {}): Displayed {
	if (value instanceof Displayed) return value;
	const { title } = options;
	if (typeof value === "string") {
		if (/^\s*(<\?xml[^>]*>\s*)?<svg[\s>]/.test(value)) return figure(value, title);
		if (/^\s*<!doctype html/i.test(value))
			return new Displayed({ "text/html": framedPage(value), "text/plain": title ?? "an HTML page" });
		return new Displayed({ "text/plain": value });
	}
	if (value instanceof Tensor && isPattern(value)) return figure(drawn(value, options), title);
	const table = tableOf(value, options.top ?? 20);
	if (!table) return new Displayed({ "text/plain": plainText(value) });
	const titled = title === undefined ? table : { ...table, title };
	return new Displayed({ "text/html": htmlTable(titled), "text/plain": textTable(titled) });
}

/**
 * The same as a node of the page, for Observable and other notebooks that show nodes: an `svg`, a `table` or a `pre`.
 * @throws {Error} where there is no page, as in Node
 */
export function toNode(value: unknown, options: DisplayOptions = {}): HTMLElement | SVGElement {
	if (typeof document === "undefined") throw new Error("toNode: there is no page here; use display");
	const { mime } = display(value, options);
	const svg = mime["image/svg+xml"];
	if (svg !== undefined) {
		const parsed = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
		return document.importNode(parsed, true) as unknown as SVGElement;
	}
	const html = mime["text/html"];
	if (html !== undefined) {
		const template = document.createElement("template");
		template.innerHTML = html;
		return template.content.firstElementChild as HTMLElement;
	}
	const pre = document.createElement("pre");
	pre.textContent = mime["text/plain"] ?? "";
	return pre;
}

function figure(svg: string, title?: string): Displayed {
	const [, label = "a figure"] = /aria-label="([^"]*)"/.exec(svg) ?? [];
	return new Displayed({ "image/svg+xml": svg, "text/plain": title ?? unescaped(label) });
}

/** Whether a tensor is attention, by its axes' names or its shape. */
function isPattern({ axes, shape }: Tensor): boolean {
	if (axes) return axes.at(-2) === "query" && axes.at(-1) === "key";
	return shape.length >= 3 && shape.at(-1) === shape.at(-2);
}

function drawn(pattern: Tensor, { tokens, title }: DisplayOptions): string {
	const [keys = 0, queries = 0, heads = 1, layers = 1] = pattern.shape.toReversed();
	if (pattern.shape.length > 2)
		return headGrid({
			patterns: pattern.reshape([layers, heads, queries, keys]),
			...(title !== undefined && { title }),
		});
	const positions = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
	return attentionPattern({
		pattern,
		tokens: tokens ?? { query: positions(queries), key: positions(keys) },
		...(title !== undefined && { title }),
	});
}

function plainText(value: unknown): string {
	if (value instanceof Tensor) return `Tensor ${value.dtype} [${value.shape.join(", ")}]`;
	return (
		JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part), 2) ??
		String(value)
	);
}

function unescaped(text: string): string {
	const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
	return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? "");
}

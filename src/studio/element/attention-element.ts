import { make } from "./dom.js";
import {
	headCount,
	headName,
	type NestedPattern,
	type PatternSet,
	type PatternTensor,
	patternSet,
} from "./pattern-set.js";
import { parseTokens, readPatternFile } from "./read-file.js";
import { STYLE } from "./style.js";
import { type AxisTokens, Viewer } from "./viewer.js";

/** Tokens of a pattern: one list where a text attends to itself. */
export type ElementTokens = readonly string[] | AxisTokens;

/** Where there are no pages there are no elements, and the module can be imported all the same. */
const Base: typeof HTMLElement = globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement);

/**
 * `<headscope-attention>`: shows attention patterns in any page or notebook.
 *
 * Attributes: `src`, a safetensors file; `tensor`, the name of the tensor in it (default: the first that fits); `tokens`,
 * a JSON list of texts (default: the file's own string "tokens", else positions); `head`, the one that is shown large,
 * "1.3" or "3"; `theme`, light or dark (default: as the system). Properties: `pattern` and `tokens`.
 *
 * A pattern is [query, key], [head, query, key] or [layer, head, query, key]. When somebody chooses a head, the
 * attribute follows, and the event `headchange` has its name in `detail`.
 */
export class HeadscopeAttention extends Base {
	/** Attributes that it follows. */
	static readonly observedAttributes: readonly string[] = ["src", "tensor", "tokens", "head", "theme"];
	private set: PatternSet | undefined;
	private given: ElementTokens | null = null;
	private fileTokens: readonly string[] | undefined;
	private viewer: Viewer | undefined;
	private loading: AbortController | undefined;
	private readonly dark = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
	private readonly onTheme = (): void => this.followTheme();

	/** The patterns that are shown; null before there are any. */
	get pattern(): PatternTensor | null {
		if (!this.set) return null;
		const { layers, heads, queries, keys, data } = this.set;
		return { shape: [Math.max(1, layers), heads, queries, keys], data };
	}

	/** @throws {RangeError} for a tensor of another shape and numbers that are not finite */
	set pattern(value: PatternTensor | NestedPattern | null) {
		this.loading?.abort();
		this.fileTokens = undefined;
		this.set = value === null ? undefined : patternSet(value);
		this.render();
	}

	/** The tokens' texts, as they were given. */
	get tokens(): ElementTokens | null {
		return this.given;
	}

	set tokens(value: ElementTokens | null) {
		this.given = value;
		this.render();
	}

	/** The head that is shown large: "1.3", or "3" where there are no layers. */
	get head(): string {
		return this.getAttribute("head") ?? "";
	}

	set head(name: string) {
		this.setAttribute("head", name);
	}

	/**
	 * Shows a safetensors file that is at hand.
	 * @param name what errors call it. Default "file"
	 */
	async open(bytes: Uint8Array, name = "file"): Promise<void> {
		this.loading?.abort();
		await this.read(bytes, name);
	}

	/** The browser's: the element is in a page. */
	connectedCallback(): void {
		if (!this.shadowRoot) {
			const sheet = new CSSStyleSheet();
			sheet.replaceSync(STYLE);
			this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
		}
		// what was set before the element was defined hides the accessors
		for (const name of ["pattern", "tokens", "head"]) {
			if (!Object.hasOwn(this, name)) continue;
			const value: unknown = Reflect.get(this, name);
			Reflect.deleteProperty(this, name);
			Reflect.set(this, name, value);
		}
		this.dark?.addEventListener("change", this.onTheme);
		this.followTheme();
		this.render();
	}

	/** The browser's: the element left the page. */
	disconnectedCallback(): void {
		this.dark?.removeEventListener("change", this.onTheme);
	}

	/** The browser's: an attribute changed. */
	attributeChangedCallback(name: string, before: string | null, now: string | null): void {
		if (before === now) return;
		if (name === "src" || name === "tensor") void this.load();
		else if (name === "theme") this.followTheme();
		else if (name === "head" && this.viewer) this.showHead();
		else {
			// the newer of attribute and property holds
			if (name === "tokens") this.given = null;
			this.render();
		}
	}

	private async load(): Promise<void> {
		const src = this.getAttribute("src");
		this.loading?.abort();
		if (src === null) return;
		const loading = new AbortController();
		this.loading = loading;
		const { signal } = loading;
		const name = src.split("/").at(-1) || "src";
		try {
			const answer = await fetch(new URL(src, document.baseURI), { signal });
			if (!answer.ok) throw new Error(`${name}: the server answers ${answer.status}`);
			const bytes = new Uint8Array(await answer.arrayBuffer());
			if (!signal.aborted) await this.read(bytes, name);
		} catch (error) {
			if (!signal.aborted) this.fail(error instanceof Error ? error.message : String(error));
		}
	}

	private async read(bytes: Uint8Array, name: string): Promise<void> {
		const { patterns, tokens } = await readPatternFile(bytes, name, this.getAttribute("tensor"));
		this.set = patterns;
		this.fileTokens = tokens;
		this.render();
	}

	private followTheme(): void {
		const theme = this.getAttribute("theme");
		const dark = theme === "dark" || (theme !== "light" && this.dark?.matches === true);
		this.toggleAttribute("data-dark", dark);
		this.viewer?.setDark(dark);
	}

	private render(): void {
		if (!this.shadowRoot) return;
		this.viewer = undefined;
		if (!this.set) {
			this.shadowRoot.replaceChildren();
			return;
		}
		const tokens = this.axisTokens(this.set);
		if (typeof tokens === "string") {
			this.fail(tokens);
			return;
		}
		const head = this.headIndex(this.set);
		if (typeof head === "string") {
			this.fail(head);
			return;
		}
		this.viewer = new Viewer(this.set, tokens, this.hasAttribute("data-dark"), head, (name) => {
			this.head = name;
			this.dispatchEvent(new CustomEvent("headchange", { detail: name }));
		});
		this.shadowRoot.replaceChildren(this.viewer.root);
	}

	private showHead(): void {
		if (!this.set) return;
		const head = this.headIndex(this.set);
		if (typeof head === "string") this.fail(head);
		else this.viewer?.show(head);
	}

	/** The place of the head that the attribute names, or what is wrong with it. */
	private headIndex(set: PatternSet): number | string {
		if (this.head === "") return 0;
		const all = Array.from({ length: headCount(set) }, (_, i) => headName(set, i));
		const index = all.indexOf(this.head);
		return index < 0 ? `head "${this.head}", allowed ${all[0]} to ${all.at(-1)}` : index;
	}

	/** The texts of both axes, or what is wrong with them. */
	private axisTokens({ queries, keys }: PatternSet): AxisTokens | string {
		const written = this.getAttribute("tokens");
		const listed = parseTokens(written);
		if (this.given === null && written !== null && !listed) return "tokens: expected a JSON list of texts";
		const given = this.given ?? listed ?? this.fileTokens;
		const positions = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
		if (!given) return { query: positions(queries), key: positions(keys) };
		const both = "query" in given ? given : { query: given, key: given };
		if (both.query.length === queries && both.key.length === keys) return both;
		return `${both.query.length} query and ${both.key.length} key tokens for a pattern of ${queries} queries and ${keys} keys`;
	}

	private fail(message: string): void {
		this.viewer = undefined;
		this.shadowRoot?.replaceChildren(
			make("p", { className: "error", textContent: message }, { role: "alert" }),
		);
	}
}

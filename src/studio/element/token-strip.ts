import { make } from "./dom.js";

/** What a strip of tokens is told. */
export interface StripEvents {
	/** Null: the pointer left. */
	hover(position: number | null): void;
	lock(position: number): void;
}

/** Tokens in a row, each a button: pointed at it shows its attention, pressed it keeps it. */
export class TokenStrip {
	readonly root: HTMLElement;
	private readonly buttons: readonly HTMLButtonElement[];

	constructor(label: string, tokens: readonly string[], events: StripEvents) {
		this.buttons = tokens.map((token, position) => {
			const button = make(
				"button",
				{ type: "button", textContent: token, title: `position ${position}` },
				{ "aria-pressed": "false" },
			);
			button.addEventListener("pointerenter", () => events.hover(position));
			button.addEventListener("pointerleave", () => events.hover(null));
			button.addEventListener("focus", () => events.hover(position));
			button.addEventListener("click", () => events.lock(position));
			return button;
		});
		this.root = make(
			"div",
			{ className: "tokens", tabIndex: -1 },
			{ role: "group", "aria-label": label, part: "tokens" },
			...this.buttons,
		);
	}

	/** Shades tokens by values up to `top`; undefined: none. */
	shade(values: ArrayLike<number> | undefined, top: number): void {
		for (const [i, button] of this.buttons.entries()) {
			const weight = values ? Math.abs(values[i] ?? 0) / top : 0;
			button.style.setProperty("--weight", weight.toFixed(4));
		}
	}

	/** Marks the token that is pointed at, and the one that is held. */
	point(at: number | null, locked: number | null): void {
		for (const [i, button] of this.buttons.entries()) {
			button.classList.toggle("at", i === at);
			button.ariaPressed = String(i === locked);
		}
	}
}

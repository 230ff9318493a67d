import { make } from "./dom.js";
import { drawHead, type Ink } from "./draw.js";
import { headCount, headName, type PatternSet } from "./pattern-set.js";

/** Pixels on a side of a small pattern. */
const SMALL = 52;

/** Every head, small, to choose one from; the arrow keys go from one to the next. Nothing where there is one head. */
export class HeadButtons {
	readonly root = make(
		"div",
		{ className: "heads" },
		{ role: "group", "aria-label": "Heads", part: "heads" },
	);
	private readonly buttons: readonly HTMLButtonElement[];
	private drawn: Ink | undefined;

	constructor(
		private readonly set: PatternSet,
		onChoose: (head: number) => void,
	) {
		const count = headCount(set);
		this.buttons = count === 1 ? [] : Array.from({ length: count }, (_, head) => this.button(head, onChoose));
		this.root.append(...this.buttons);
		this.root.hidden = count === 1;
		this.root.addEventListener("keydown", (event) => {
			const steps: Readonly<Record<string, number>> = {
				ArrowLeft: -1,
				ArrowUp: -set.heads,
				ArrowRight: 1,
				ArrowDown: set.heads,
			};
			const step = steps[event.key];
			if (step === undefined) return;
			event.preventDefault();
			const at = this.buttons.indexOf(event.target as HTMLButtonElement);
			const target = this.buttons[at + step];
			target?.focus();
			target?.click();
		});
	}

	private button(head: number, onChoose: (head: number) => void): HTMLButtonElement {
		const name = headName(this.set, head);
		const made = make("button", { type: "button" }, { "aria-label": `Head ${name}` }, make("canvas"), name);
		made.addEventListener("click", () => onChoose(head));
		return made;
	}

	choose(head: number): void {
		for (const [i, button] of this.buttons.entries()) {
			button.ariaPressed = String(i === head);
			// one of them in the order of Tab, the arrow keys reach the others
			button.tabIndex = i === head ? 0 : -1;
		}
	}

	draw(ink: Ink): void {
		const { drawn } = this;
		if (drawn && drawn.palette === ink.palette && samePlaces(drawn, ink)) return;
		this.drawn = ink;
		for (const [head, button] of this.buttons.entries())
			drawHead(button.querySelector("canvas") as HTMLCanvasElement, this.set, head, ink, SMALL);
	}
}

function samePlaces(a: Ink, b: Ink): boolean {
	return [0.01, 0.1, 0.5].every((value) => a.place(value) === b.place(value));
}

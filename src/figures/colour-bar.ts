import type { ColourScale } from "./colour.js";
import { colourBarImage, image } from "./pixels.js";
import { decimals, element, text } from "./svg.js";
import { textWidth } from "./text-width.js";
import { HAIRLINE, LABEL_SIZE, NOTE_SIZE, QUIET } from "./theme.js";

const BAR = 12;
const TICK = 4;

/** Width in pixels of a colour bar with its tick labels and its title. */
export function colourBarWidth(scale: ColourScale): number {
	const labels = scale.ticks.map((tick) => textWidth(tick.label, LABEL_SIZE));
	return BAR + TICK + 3 + Math.max(0, ...labels) + 18;
}

/** The ticks whose labels keep apart; those of the bar's ends come first. */
function readable(ticks: ColourScale["ticks"], height: number): ColourScale["ticks"] {
	const isEnd = ({ at }: { readonly at: number }): boolean => at === 0 || at === 1;
	const kept: ColourScale["ticks"][number][] = [];
	for (const tick of [...ticks.filter(isEnd), ...ticks.filter((one) => !isEnd(one))]) {
		if (kept.every(({ at }) => Math.abs(at - tick.at) * height >= LABEL_SIZE)) kept.push(tick);
	}
	return ticks.filter((tick) => kept.includes(tick));
}

/** A vertical bar with its top left corner at (x, y); its title runs along its right side. */
export function colourBar(x: number, y: number, height: number, scale: ColourScale, title: string): string {
	const ticks = readable(scale.ticks, height).map(({ at, label }) => {
		const top = y + (1 - at) * height;
		const line = element("line", { x1: x + BAR, x2: x + BAR + TICK, y1: top, y2: top, ...HAIRLINE });
		return line + text(x + BAR + TICK + 3, top + LABEL_SIZE * 0.36, label, QUIET);
	});
	const middle = y + height / 2;
	const end = x + colourBarWidth(scale) - 3;
	return [
		image(colourBarImage(scale), { x, y, width: BAR, height }),
		element("rect", { x, y, width: BAR, height, ...HAIRLINE }),
		...ticks,
		text(0, 0, title, {
			"text-anchor": "middle",
			transform: `translate(${decimals(end)} ${decimals(middle)}) rotate(-90)`,
			"font-size": NOTE_SIZE,
			...QUIET,
		}),
	].join("");
}

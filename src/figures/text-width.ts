/** Advance widths of U+0020 to U+007E in thousandths of the font size, read from DejaVuSansCondensed.ttf. */
const ADVANCES = [
	286, 360, 414, 754, 572, 855, 702, 247, 351, 351, 450, 754, 286, 325, 286, 303, 572, 572, 572, 572, 572,
	572, 572, 572, 572, 572, 303, 303, 754, 754, 754, 478, 900, 615, 617, 628, 693, 568, 518, 697, 677, 265,
	265, 590, 501, 776, 673, 708, 542, 708, 625, 571, 549, 659, 615, 890, 616, 549, 616, 351, 303, 351, 754,
	450, 450, 551, 571, 495, 571, 554, 316, 571, 570, 250, 250, 521, 250, 876, 570, 550, 571, 571, 370, 469,
	353, 570, 532, 736, 532, 532, 472, 572, 303, 572, 754,
] as const;

/** Bold is at most this much wider. */
const BOLD = 1.12;
/** Letters outside ASCII, about; East Asian ones and pictographs fill a square. */
const OTHER = 620;
const WIDE = 1000;

/**
 * Width of a text in pixels, without a font at hand: exact for ASCII in the shipped font but for kerning,
 * an estimate elsewhere. A figure needs it to size its margins in a place that has no DOM.
 */
export function textWidth(content: string, size: number, bold = false): number {
	let sum = 0;
	for (const character of content) sum += advance(character.codePointAt(0) as number);
	return ((sum * size) / 1000) * (bold ? BOLD : 1);
}

/** `content` cut at its end, with an ellipsis, to at most `width` pixels. */
export function elide(content: string, width: number, size: number): string {
	if (textWidth(content, size) <= width) return content;
	const room = width - textWidth("…", size);
	let kept = "";
	for (const character of content) {
		if (textWidth(kept + character, size) > room) break;
		kept += character;
	}
	return `${kept}…`;
}

function advance(codePoint: number): number {
	const known = ADVANCES[codePoint - 0x20];
	if (known !== undefined) return known;
	if (codePoint === 0xb7) return 286;
	return codePoint >= 0x1100 ? (codePoint < 0x2e80 && codePoint >= 0x1200 ? 800 : WIDE) : OTHER;
}

import { decode } from "fast-png";
import { expect, test } from "vitest";
import { svgToPng } from "./png-node.js";
import { text } from "./svg.js";
import { textWidth } from "./text-width.js";
import { svgDocument } from "./theme.js";

// the bars keep the ends of the text from being side bearings, which have no ink
test.each(["|query (destination)|", "|0123456789.|", "|The quick brown fox|", "|WAVE ·tok_42|"])(
	"textWidth of %s is what the shipped font draws",
	(content) => {
		const size = 40;
		const image = decode(
			svgToPng(svgDocument(1200, 80, "", text(20, 50, content, { "font-size": size })), { zoom: 1 }),
		);
		const columns: number[] = [];
		for (let column = 0; column < image.width; column++) {
			for (let row = 0; row < image.height; row++) {
				if ((image.data[(row * image.width + column) * 4] as number) < 200) {
					columns.push(column);
					break;
				}
			}
		}
		const drawn = (columns.at(-1) ?? 0) - (columns[0] ?? 0) + textWidth("|", size) * 0.75;
		expect(textWidth(content, size) / drawn).toBeGreaterThan(0.97);
		expect(textWidth(content, size) / drawn).toBeLessThan(1.05);
	},
);

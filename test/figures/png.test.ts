import { readdirSync, readFileSync } from "node:fs";
import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import { attentionPattern, FIGURES } from "../../src/figures/index.js";
import { svgToPng } from "../../src/figures/png-node.js";
import { Tensor } from "../../src/tensor/index.js";
import { causal, NINE_WORDS } from "./patterns.js";

const svg = attentionPattern({ pattern: causal(9, 9), tokens: NINE_WORDS, title: "Head 0.1" });
const size = (drawn: string): number[] =>
	(/ width="(\d+)" height="(\d+)"/.exec(drawn) ?? []).slice(1).map(Number);

describe("svgToPng", () => {
	test("has the figure's size times the zoom", () => {
		const [width = 0, height = 0] = size(svg);
		for (const zoom of [1, 2]) {
			const image = decode(svgToPng(svg, { zoom }));
			expect([image.width, image.height]).toEqual([width * zoom, height * zoom]);
		}
		expect(() => svgToPng(svg, { zoom: 0 })).toThrow("svgToPng: zoom: got 0, allowed 1 to 16");
	});

	test("draws the text of every figure, in the shipped font", () => {
		for (const figure of FIGURES) {
			const drawn = figure.sample();
			if (!drawn.startsWith("<svg")) continue;
			const mute = drawn.replace(/<text.*?<\/text>/g, "");
			expect(inked(mute)).toBeLessThan(inked(drawn) - 100);
		}
	});

	test("keeps cells square: no colour between white and the cell's own", () => {
		const pattern = Tensor.from([
			[1, 0],
			[0, 1],
		]);
		const drawn = attentionPattern({ pattern, tokens: ["a", "b"] });
		const [, x = 0, y = 0, width = 0] = (
			/<image x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/.exec(drawn) ?? []
		).map(Number);
		const image = decode(svgToPng(drawn, { zoom: 1 }));
		const row = Math.round(y + width / 4);
		const seen = new Set<string>();
		for (let column = Math.ceil(x) + 2; column < x + width - 2; column++) {
			seen.add(
				image.data.slice((row * image.width + column) * 4, (row * image.width + column) * 4 + 3).join(),
			);
		}
		expect(seen.size).toBe(2);
	});
});

test("only the PNG writer brings native or Node-only code: figures are drawn in a page too", () => {
	const folder = new URL("../../src/figures/", import.meta.url);
	const sources = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
	const bound = sources.filter((name) =>
		/from "(node:|@resvg)/.test(readFileSync(new URL(name, folder), "utf8")),
	);
	expect(bound).toEqual(["png-node.ts"]);
	const importers = sources.filter((name) =>
		readFileSync(new URL(name, folder), "utf8").includes("./png-node.js"),
	);
	expect(importers).toEqual([]);
});

/** Pixels darker than paper. */
function inked(drawn: string): number {
	const image = decode(svgToPng(drawn, { zoom: 1 }));
	let count = 0;
	for (let i = 0; i < image.data.length; i += 4) if ((image.data[i] as number) < 128) count++;
	return count;
}

import { describe, expect, test } from "vitest";
import {
	attentionPattern,
	FIGURES,
	headGrid,
	ranking,
	scoreGrid,
	scoreOverSteps,
} from "../../src/figures/index.js";
import { Tensor } from "../../src/tensor/index.js";
import { causal, NINE_WORDS } from "./patterns.js";
import { expectSnapshot } from "./snapshot.js";

describe("samples of the registry", () => {
	test.each(FIGURES.map((figure) => [figure.name, figure] as const))("%s", (name, figure) => {
		const drawn = figure.sample();
		expectSnapshot(name, drawn, drawn.startsWith("<svg") ? "svg" : "html");
		expect(figure.doc).toMatch(/^[A-Z].*\.$/);
	});

	test("a sample is the same each time and numbers have at most 3 decimals", () => {
		for (const figure of FIGURES) {
			const drawn = figure.sample();
			expect(figure.sample()).toBe(drawn);
			const markup = drawn.replace(/<style>.*?<\/style>|<script.*?<\/script>/gs, "");
			expect(markup.match(/="[^"]*\d\.\d{4}/)).toBeNull();
		}
	});
});

describe("variants", () => {
	const pattern = causal(9, 9);
	test("attentionPattern in log colours", () => {
		expectSnapshot(
			"attention-pattern-log",
			attentionPattern({ pattern, tokens: NINE_WORDS, scale: "log", floor: 1e-3 }),
		);
	});
	test("attentionPattern with the first key hidden says so and drops its label", () => {
		const drawn = attentionPattern({ pattern, tokens: NINE_WORDS, title: "Head 0.1", scale: "hide-first" });
		expectSnapshot("attention-pattern-hide-first", drawn);
		expect(drawn).toContain("first key hidden");
		expect(drawn.match(/&lt;bos&gt;/g)).toHaveLength(1);
	});
	test("attentionPattern of fewer queries than keys", () => {
		const tokens = { query: NINE_WORDS.slice(6), key: NINE_WORDS };
		expectSnapshot(
			"attention-pattern-last-queries",
			attentionPattern({ pattern: pattern.slice(0, 6), tokens }),
		);
	});
	test("attentionPattern of 1024 tokens stays small and thins its labels", () => {
		const tokens = Array.from({ length: 1024 }, (_, i) => ` word${i}`);
		const drawn = attentionPattern({ pattern: causal(1024, 1024), tokens });
		expect(drawn.length).toBeLessThan(2e6);
		expect(drawn.match(/<text/g)?.length).toBeLessThan(300);
		expect(drawn).toContain("·word1020");
		expect(drawn).not.toContain("·word1021");
	});
	test("headGrid with marked heads, the first key hidden", () => {
		const patterns = new Tensor(
			"float32",
			[1, 2, 9, 9],
			Float32Array.from([...pattern.data, ...pattern.data]),
		);
		expectSnapshot("head-grid-hide-first", headGrid({ patterns, scale: "hide-first", marked: ["0.1"] }));
	});
	test("headGrid has one picture for each head, from 1 by 1 to 30 by 9", () => {
		for (const [layers, heads] of [
			[1, 1],
			[12, 12],
			[30, 9],
		] as const) {
			const drawn = headGrid({ patterns: Tensor.full([layers, heads, 3, 3], 0.25) });
			expect(drawn.match(/data-head=/g)).toHaveLength(layers * heads);
			expect(drawn).toContain(`>${layers - 1}.${heads - 1}</text>`);
		}
	});
	test("scoreGrid of changes is centred on 0 and frames the largest", () => {
		const values = Tensor.from([
			[0.5, -2.25],
			[0, 1],
		]);
		const drawn = scoreGrid({ values, title: "Change of loss", measure: "Δ loss (nats)", diverging: true });
		expectSnapshot("score-grid-diverging", drawn);
		expect(drawn).toContain("largest: head 0.1, −2.25");
	});
	test("a short colour bar leaves out ticks that would run into its ends", () => {
		const values = Tensor.from([[4.62, -1]]);
		const drawn = scoreGrid({ values, title: "Change", range: [-4.62, 4.62], diverging: true });
		const labels = [...drawn.matchAll(/>(−?[\d.]+)<\/text>/g)].map(([, label]) => label);
		expect(labels).toEqual(expect.arrayContaining(["−4.62", "−2", "2", "4.62"]));
		expect(labels).not.toContain("4");
		expect(labels).not.toContain("−4");
	});
	test("scoreGrid prints values only where they can be read", () => {
		const values = Tensor.full([2, 40], 0.5);
		expect(scoreGrid({ values, title: "Scores" })).toContain(">0.50</text>");
		expect(scoreGrid({ values, title: "Scores", width: 400 })).not.toContain(">0.50</text>");
	});
	test("scoreOverSteps names the three highest, one checkpoint is a dot, labels keep apart", () => {
		const lines = [0.5, 0.51, 0.1, 0.52].map((value, i) => ({ name: `0.${i}`, values: [value] }));
		const drawn = scoreOverSteps({ steps: [7], panels: [{ measure: "lift", lines }] });
		const labels = [...drawn.matchAll(/y="([\d.]+)" fill="#[^"]*" font-weight="bold">(0\.\d)</g)];
		expect(labels.map(([, , name]) => name).sort()).toEqual(["0.0", "0.1", "0.3"]);
		const places = labels.map(([, y]) => Number(y)).sort((a, b) => a - b);
		for (const [i, y] of places.slice(1).entries())
			expect(y - (places[i] as number)).toBeGreaterThanOrEqual(11);
		expect(drawn.match(/<circle/g)).toHaveLength(4);
		expect(drawn).toContain(">7</text>");
	});
	test("scoreOverSteps counts what it is told to, and labels what has room", () => {
		const values = [1, 1.2, 3, 3.1];
		const axis = { title: "heads ablated", labels: ["none", "+0.1", "+1.3", "+1.0"] };
		const band = { low: values.map((v) => v - 0.1), high: values.map((v) => v + 0.2) };
		const panels = [{ measure: "loss", lines: [{ name: "", values, ...band }] }];
		const drawn = scoreOverSteps({ steps: [0, 1, 2, 3], axis, panels, title: "Zero ablation" });
		expectSnapshot("score-over-steps-counted", drawn);
		expect(drawn).not.toContain("training step");
		const steps = Array.from({ length: 100 }, (_, i) => i);
		const labels = steps.map((i) => `+0.${i}`);
		const lines = [{ name: "", values: steps }];
		const many = scoreOverSteps({ steps, axis: { ...axis, labels }, panels: [{ measure: "loss", lines }] });
		const count = many.match(/>\+0\.\d+<\/text>/g)?.length ?? 0;
		expect(count).toBeGreaterThan(10);
		expect(count).toBeLessThan(30);
	});
	test("ranking by score, without control or interval", () => {
		const entries = [
			{ head: "0.1", score: 0.98 },
			{ head: "1.2", score: 0.1 },
		];
		const drawn = ranking({ entries, score: "previous-token" });
		expectSnapshot("ranking-by-score", drawn);
		expect(drawn).not.toContain("control");
		expect(drawn).toContain("bars: previous-token");
	});
	test("ranking names its metric and shows only the top", () => {
		const entries = [0.9, 0.8, 0.7].map((score, i) => ({
			head: `0.${i}`,
			score,
			control: 0.1,
			lift: score - 0.1,
		}));
		const drawn = ranking({ entries, score: "induction", top: 2 });
		expect(drawn).toContain("lift of induction (score − control)");
		expect(drawn.match(/data-head=/g)).toHaveLength(2);
	});
});

describe("text from a user cannot leave its place", () => {
	const hostile = `</text></svg><script>alert(1)</script><img src=x onerror='alert("1")'>&\u0000\ud800`;
	test.each([
		["attentionPattern", attentionPattern({ pattern: causal(1, 1), tokens: [hostile], title: hostile })],
		["headGrid", headGrid({ patterns: Tensor.full([1, 1, 1, 1], 1), title: hostile })],
		["scoreGrid", scoreGrid({ values: Tensor.full([1, 1], 1), title: hostile, measure: hostile })],
		[
			"scoreOverSteps",
			scoreOverSteps({
				steps: [0],
				title: hostile,
				notes: [hostile],
				panels: [{ measure: hostile, lines: [{ name: hostile, values: [1] }] }],
			}),
		],
		["ranking", ranking({ entries: [{ head: hostile, score: 1 }], score: hostile, title: hostile })],
	])("%s", (_, drawn) => {
		expect(drawn.match(/<(script|img)/)).toBeNull();
		expect(drawn.match(/<\/svg>/g)).toHaveLength(1);
		expect(drawn.includes("\u0000")).toBe(false);
		expect(drawn).not.toMatch(/\p{Cs}/u);
		expect(drawn).toContain("&lt;script&gt;");
	});
});

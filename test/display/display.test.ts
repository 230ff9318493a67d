import { loadModel, type Model } from "headscope";
import { display, show, toNode } from "headscope/display";
import { parseExperiment, runExperiment } from "headscope/experiments";
import { attentionPattern, ranking } from "headscope/figures";
import { scoreHeads } from "headscope/scores";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const PROMPT = "red fox moon bread king red fox moon bread";
let model: Model;
beforeAll(async () => {
	model = await loadModel("demo");
});
afterAll(() => model.dispose());

/** What the Deno kernel asks for. */
function bundleOf(value: object): Record<string, string> {
	const shows = Reflect.get(value, Symbol.for("Jupyter.display")) as () => Record<string, string>;
	return shows.call(value);
}

describe("display", () => {
	test("a figure is shown as SVG, with its label as text", async () => {
		const { cache } = await model.runWithCache(PROMPT, { names: /hook_pattern$/ });
		const pattern = cache.get("pattern", 1).select(0).select(2);
		const svg = attentionPattern({ pattern, tokens: PROMPT.split(" "), title: "Head <1.2>" });
		const bundle = bundleOf(display(svg));
		expect(bundle["image/svg+xml"]).toBe(svg);
		expect(bundle["text/plain"]).toBe("Head <1.2>: 9 queries by 9 keys");
		expect(bundleOf(display(pattern, { tokens: PROMPT.split(" "), title: "Head <1.2>" }))).toMatchObject({
			"image/svg+xml": svg,
		});
	});

	test("patterns of many heads are shown as a grid", async () => {
		const { cache } = await model.runWithCache(PROMPT, { names: /hook_pattern$/ });
		const all = cache.get("pattern", 1).select(0);
		const svg = bundleOf(display(all))["image/svg+xml"] as string;
		for (let head = 0; head < model.config.nHeads; head++) expect(svg).toContain(`>0.${head}<`);
	});

	test("scores are shown as their ranking, as HTML and as text", async () => {
		const scores = await scoreHeads(model, "induction-repeat", { samples: 4, n: 8 });
		const shown = display(scores, { top: 3 });
		const html = bundleOf(shown)["text/html"] as string;
		const [best] = scores.ranking;
		expect(html).toContain(`<td>${best?.head}</td>`);
		expect(html.match(/<tr>/g)).toHaveLength(4);
		expect(html).toContain(`${scores.ranking.length - 3} more`);
		expect(String(shown).split("\n")[2]).toMatch(new RegExp(`^${best?.head?.replace(".", "\\.")} `));
	});

	test("an experiment's result is shown as its metrics", async () => {
		const experiment = parseExperiment(
			JSON.stringify({
				...{ model: "demo", prompts: PROMPT, title: "Wipe <0.1>" },
				interventions: [{ kind: "zero", heads: ["0.1"] }],
				metrics: ["loss", { kind: "log-probability", answers: ["king"] }],
			}),
		);
		const result = await runExperiment(experiment, { loadModel, versions: {} });
		const bundle = bundleOf(display(result));
		expect(bundle["text/html"]).toContain("<caption>Wipe &lt;0.1&gt;</caption>");
		expect(bundle["text/html"]).toContain(`<td>${Number(result.metrics[0]?.after.toPrecision(4))}</td>`);
		expect(bundle["text/plain"]).toContain("loss");
	});

	test("pages stand in a frame of their own, and nothing of a token is markup", async () => {
		const scores = await scoreHeads(model, "induction-repeat", { samples: 2, n: 8 });
		const svg = ranking({ entries: scores.ranking, score: "induction-repeat" });
		expect(bundleOf(display(svg))["image/svg+xml"]).toBe(svg);
		const page = "<!doctype html><html><script>alert(1)</script></html>";
		const framed = bundleOf(display(page))["text/html"] as string;
		expect(framed).toMatch(/^<iframe sandbox="allow-scripts" [^<]*&lt;script&gt;[^<]*><\/iframe>$/);
		const rows = bundleOf(display([{ token: "<img src=x onerror=alert(1)>", loss: 1 / 3 }]));
		expect(rows["text/html"]).toContain("<td>&lt;img src=x onerror=alert(1)&gt;</td><td>0.3333</td>");
	});

	test("anything else is text", () => {
		expect(String(display("plain"))).toBe("plain");
		expect(String(display({ a: 1n, b: [1, 2] }))).toBe('{\n  "a": "1",\n  "b": [\n    1,\n    2\n  ]\n}');
		expect(bundleOf(display(display("twice")))).toEqual({ "text/plain": "twice" });
		expect(() => toNode("plain")).toThrow("toNode: there is no page here; use display");
	});

	test("show writes text where there is no notebook", async () => {
		const log = vi.spyOn(console, "log").mockImplementation(() => {});
		await show([{ head: "0.1", score: 0.5 }]);
		expect(log.mock.calls).toEqual([["head  score\n0.1     0.5"]]);
		log.mockRestore();
	});
});

import { expect, test } from "vitest";
import { attributionFigure, pathFigure } from "../../src/causal/index.js";
import { Tensor } from "../../src/tensor/index.js";

test("of many senders the strongest are drawn, in their order", () => {
	const senders = Array.from({ length: 100 }, (_, i) => `${Math.floor(i / 10)}.${i % 10}`);
	const values = Tensor.from(
		senders.map((_, i) => [i % 4 === 0 ? 1 + i : 0.001, i > 50 ? Number.NaN : 0.001]),
		"float64",
	);
	const about = {
		metric: "logit-difference",
		clean: 1,
		corrupt: 0,
		rows: 1,
		norms: "frozen",
		mlps: "frozen",
	} as const;
	const svg = pathFigure({ ...about, senders, receivers: ["logits", "5.1.q"], values }, { model: "demo" });
	expect(svg).toContain("the strongest 24 of 100 senders");
	expect(svg).toContain(">9.6<");
	expect(svg).not.toContain(">9.7<");
	const few = pathFigure(
		{ ...about, senders: ["embed"], receivers: ["logits"], values: Tensor.from([[0.5]], "float64") },
		{ model: "demo" },
	);
	expect(few).not.toContain("strongest");
	// said only of places that are drawn
	expect(svg).toContain("frozen norms, frozen MLPs; 0 where there is no path");
	expect(few).toContain("frozen norms, frozen MLPs<");
});

test("estimates and what patching measured share a scale, and kv heads are called so", () => {
	const heads = (values: number[][]): Tensor => Tensor.from(values, "float64", ["layer", "kv_head"]);
	const shown = heads([
		[0.5, -1],
		[0, 0.25],
	]);
	const svg = attributionFigure(
		[
			{
				point: "k",
				shown,
				patched: heads([
					[2, 0],
					[0, -7.5],
				]),
			},
		],
		{ model: "demo" },
	);
	expect(svg).toContain("Attribution at k of demo: kv heads");
	expect(svg.match(/−7\.5</g)?.length).toBeGreaterThanOrEqual(2);
	const stream = Tensor.from([[0, 1, 2]], "float64", ["layer", "pos"]);
	expect(
		attributionFigure([{ point: "resid_pre", shown: stream }], { model: "demo", tokens: ["a", "b", "c"] }),
	).toContain(">c<");
});

import { describe, expect, test } from "vitest";
import { type HookPoint, nearest, selectPoints } from "../../src/hooks/select.js";

const point = (name: string, optional = false): HookPoint => ({ name, shape: ["batch", "pos", 8], optional });
const points = [
	point("hook_embed"),
	point("blocks.0.hook_resid_pre"),
	point("blocks.0.attn.hook_q"),
	point("blocks.0.attn.hook_pattern"),
	point("blocks.0.attn.hook_result", true),
	point("blocks.0.mlp.hook_pre"),
	point("blocks.0.mlp.hook_pre_linear"),
	point("blocks.1.attn.hook_pattern"),
	point("blocks.1.mlp.hook_pre"),
];
const chosen = (
	...args: Parameters<typeof selectPoints> extends [unknown, infer N] ? [N] : never
): string[] => selectPoints(points, ...args).map((p) => p.name);

describe("selectPoints", () => {
	test("a name, an alias, a star, a regular expression, a list and a test", () => {
		expect(chosen("blocks.0.attn.hook_q")).toEqual(["blocks.0.attn.hook_q"]);
		expect(chosen("blocks.0.attn.q.hook_out")).toEqual(["blocks.0.attn.hook_q"]);
		expect(chosen("blocks.*.attn.hook_pattern")).toEqual([
			"blocks.0.attn.hook_pattern",
			"blocks.1.attn.hook_pattern",
		]);
		expect(chosen(/hook_pattern$/)).toHaveLength(2);
		expect(chosen(/hook_pattern$/g)).toHaveLength(2);
		expect(chosen([/pattern/, "hook_embed"])).toEqual([
			"hook_embed",
			"blocks.0.attn.hook_pattern",
			"blocks.1.attn.hook_pattern",
		]);
		expect(chosen((name) => name.startsWith("blocks.1"))).toHaveLength(2);
	});

	test("the up-projection is hook_pre_linear where there is a gate", () => {
		expect(chosen("blocks.0.mlp.in.hook_out")).toEqual(["blocks.0.mlp.hook_pre_linear"]);
		expect(chosen("blocks.0.mlp.gate.hook_out")).toEqual(["blocks.0.mlp.hook_pre"]);
		expect(chosen("blocks.1.mlp.in.hook_out")).toEqual(["blocks.1.mlp.hook_pre"]);
	});

	test("points that cost extra are chosen only where they are spelled", () => {
		expect(chosen(/./)).not.toContain("blocks.0.attn.hook_result");
		expect(chosen(() => true)).not.toContain("blocks.0.attn.hook_result");
		expect(chosen("blocks.0.attn.hook_result")).toEqual(["blocks.0.attn.hook_result"]);
		expect(chosen("blocks.*.attn.hook_result")).toEqual(["blocks.0.attn.hook_result"]);
		expect(chosen(/hook_result$/)).toEqual(["blocks.0.attn.hook_result"]);
	});

	test("what matches nothing is an error that lists the nearest names", () => {
		expect(() => chosen("blocks.0.attn.hook_patern")).toThrow(
			'no hook point matches "blocks.0.attn.hook_patern"; nearest: blocks.0.attn.hook_pattern',
		);
		expect(() => chosen([/pattern/, /hook_zz/])).toThrow('no hook point matches "hook_zz"');
		expect(() => chosen(() => false)).toThrow("no hook point matches the given test");
	});
});

test("nearest counts edits", () => {
	expect(nearest("kitten", ["sitting", "kitchen", "mitten"], 2)).toEqual(["mitten", "kitchen"]);
});

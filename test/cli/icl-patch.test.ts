/** `headscope icl patch` against the original's numbers, and what bad input gets. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PatchResult } from "../../src/cli/actions/icl/patch.js";
import { expectRelative } from "../icl/support.js";
import { referenceJson, referencePath, referenceTensors } from "../reference-data.js";
import { Folder, runCli, runJson } from "./run-cli.js";

const at = (file: string): string[] => ["icl", "small", "l2h4-m64", file];
type Metrics = Record<string, number>;
const patched = referenceJson<{
	mapping: Record<string, "head_2" | "head_3">;
	before: Metrics;
	after: Metrics;
	relative_change: Metrics;
	current_keys: { after: Metrics };
}>(...at("patched.json"));
const ablated = referenceJson<{ heads: Record<string, { metrics: Metrics }> }>(...at("ablated.json"));
const names = { head_2: "self-pair", head_3: "previous-token" } as const;

let folder: Folder;
let run: string[];
beforeAll(() => {
	folder = new Folder();
	const config = folder.at("config.json");
	// the reference was evaluated on 64 sequences of each kind
	writeFileSync(
		config,
		JSON.stringify({ ...referenceJson<object>(...at("config.json")), eval_batch_size: 64 }),
	);
	run = ["icl", "patch", referencePath(...at("weights.safetensors")), "--config", config, "--threads", "1"];
});
afterAll(() => folder[Symbol.dispose]());

describe("icl patch", () => {
	test("replaces patterns by name, and gives every metric before, after and its change", async () => {
		const heads = Object.entries(patched.mapping).map(([head, name]) => `0.${head}=${names[name]}`);
		const result = await runJson<PatchResult>(...run, "--heads", heads.join(","));
		expectRelative(result.before, patched.before, 1e-5);
		expectRelative(result.after, patched.after, 1e-5);
		for (const [key, value] of Object.entries(patched.relative_change))
			expect(result.relative[key], key).toBeCloseTo(value, 4);
		expect(result.interventions[0]).toEqual({
			kind: "replace-pattern",
			heads: [`0.${Object.keys(patched.mapping)[0]}`],
			pattern: names[Object.values(patched.mapping)[0] as "head_2"],
		});
		const { stdout } = await runCli(...run, "--heads", heads.join(","));
		expect(stdout).toMatch(
			/METRIC +BEFORE +AFTER +\(AFTER-BEFORE\)\/BEFORE\npretrain\/mse +[\d.]+ +[\d.]+ +\+/,
		);
	});

	test("reads a drawn pattern, and the current names", async () => {
		const tensors = await referenceTensors(...at("patched.safetensors"));
		const heads = Object.entries(patched.mapping).map(([head, name]) => {
			const file = folder.at(`${name}.json`);
			writeFileSync(file, JSON.stringify(tensors.get(name)?.toNested()));
			return `0.${head}=@${file}`;
		});
		const result = await runJson<PatchResult>(...run, "--heads", heads.join(), "--keys", "current");
		expectRelative(result.after, patched.current_keys.after, 1e-5);
	});

	test("ablates heads", async () => {
		const zero = await runJson<PatchResult>(...run, "--zero", "1.0");
		expectRelative(zero.after, ablated.heads["block_1/head_0/zero"]?.metrics as Metrics, 1e-5);
		const mean = await runJson<PatchResult>(...run, "--mean", "L0H2");
		expectRelative(mean.after, ablated.heads["block_0/head_2/mean"]?.metrics as Metrics, 1e-5);
		const none = await runJson<PatchResult>(...run, "--zero", "all", "--strength", "0");
		expect(none.after).toEqual(none.before);
	});

	test.each<[string[], string]>([
		[[], "nothing to change; give --heads, --zero or --mean"],
		[["--heads", "0.1"], '--heads: got "0.1", allowed HEAD=PATTERN or HEAD=@FILE'],
		[["--heads", "0.1=selfpair"], '--heads[0].pattern: got "selfpair", allowed previous-token, self-pair'],
		[["--zero", "0.7"], '--zero[0].heads[0]: no head "0.7"; nearest: 0.3'],
		[["--zero", "0.1", "--strength", "2"], '--strength: got "2", allowed 0 to 1'],
		[["--heads", "0.1=@nowhere.json"], "nowhere.json: cannot be read: there is no such file"],
	])("refuses %j", async (options, message) => {
		const { code, stderr, stdout } = await runCli(...run, ...options);
		expect(stderr).toContain(message);
		expect(stdout).toBe("");
		expect(code).toBe(2);
	});

	test("refuses drawn patterns that attend to later keys or do not sum to 1, unless told how to take them", async () => {
		const file = folder.at("drawn.json");
		const rows = Array.from({ length: 16 }, (_, q) => Array.from({ length: 16 }, (_, k) => (k <= q ? 1 : 0)));
		const draw = (drawn: unknown): void => writeFileSync(file, JSON.stringify(drawn));
		const patch = (...more: string[]) => runCli(...run, "--heads", `0.1=@${file}`, ...more);
		draw(rows);
		expect((await patch()).stderr).toContain("--heads: pattern of 0.1[1]: the row sums to 2, not 1");
		const scaled = await runJson<PatchResult>(...run, "--heads", `0.1=@${file}`, "--normalize");
		const uniform = await runJson<PatchResult>(...run, "--heads", "0.1=uniform");
		expectRelative(scaled.after, uniform.after, 1e-6);
		const kept = await runJson<PatchResult>(...run, "--heads", `0.1=@${file}`, "--no-normalize");
		expect(kept.after).not.toEqual(uniform.after);
		draw(rows.map((row, q) => row.map((v, k) => (q === 2 && k === 5 ? 1 : v))));
		expect((await patch("--normalize")).stderr).toContain(
			"[2][5]: got 1: query 2 cannot attend to the later key 5",
		);
		draw(rows.slice(0, 3));
		expect((await patch()).stderr).toContain("3 rows, but this run has 16 positions");
		draw([["1"]]);
		expect((await patch()).stderr).toContain('expected rows of numbers [query][key], but in [0] is "1"');
	});
});

import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { AttributeResult, PathResult, PointResult } from "../../src/cli/actions/attribute.js";
import type { PatchResult } from "../../src/cli/actions/patch.js";
import { Folder, runCli, runJson } from "./run-cli.js";

const PAIR = [
	...["--clean", "red fox moon bread king red fox moon"],
	...["--corrupt", "red fox moon bread king red fox king"],
	...["--answer", "bread", "--wrong", "red"],
];

/** What the result says of a point. */
function pointOf({ points }: AttributeResult, name: string): PointResult {
	return (points as Record<string, PointResult>)[name] as PointResult;
}

test("ranks heads by their estimate, as JSON and as a table, and says how well patching agrees", async () => {
	const json = await runJson<AttributeResult>("attribute", ...PAIR, "--at", "z,resid-pre", "--check");
	expect(json).toMatchObject({ model: "demo", metric: "logit-difference", rows: 1, steps: 0 });
	expect(json.tokens.clean.at(-1)).toBe("moon");
	expect(json.clean).toBeGreaterThan(1);
	expect(json.corrupt).toBeLessThan(-1);
	const [z, resid] = [pointOf(json, "z"), pointOf(json, "resid_pre")];
	expect(z.axes).toEqual(["layer", "pos", "head"]);
	const values = z.values as number[][][];
	expect([values.length, values[0]?.length, values[0]?.[0]?.length]).toEqual([2, 8, 4]);
	const sum = values[1]?.reduce((total, row) => total + (row[3] as number), 0);
	expect((z.heads as number[][])[1]?.[3]).toBeCloseTo(sum as number, 5);
	expect(z.ranking[0]?.cell).toBe("1.3");
	expect(z.agreement?.pearson).toBeGreaterThan(0.95);
	expect((z.patched as number[][])[1]?.[3]).toBeGreaterThan(3);
	// with the whole stream patched at the last position, the corrupted run is the clean one
	expect(resid.axes).toEqual(["layer", "pos"]);
	expect((resid.patched as number[][])[0]?.[7]).toBeCloseTo(json.clean - json.corrupt, 3);

	const { stdout } = await runCli("attribute", ...PAIR, "--check", "--top", "2");
	const heads = stdout.split("\n").flatMap((line) => /^ *(\d+\.\d+) /.exec(line)?.[1] ?? []);
	expect(heads).toEqual(["1.3", "1.0"]);
	expect(stdout).toContain("agreement with patching over 8 places: Pearson 0.9");
	expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
});

test("takes ids, integrates gradients and draws", async () => {
	using folder = new Folder();
	const write = (name: string, rows: number[][]): string => {
		writeFileSync(folder.at(name), JSON.stringify(rows));
		return folder.at(name);
	};
	const ids = [
		...["--clean-ids", write("clean.json", [[5, 6, 7, 8, 5, 6]])],
		...["--corrupt-ids", write("corrupt.json", [[5, 6, 7, 8, 5, 7]])],
		...["--answer", "7", "--wrong", "8"],
	];
	const json = await runJson<AttributeResult>("attribute", ...ids, "--at", "resid-pre", "--steps", "32");
	const inputs = (pointOf(json, "resid_pre").values as number[][])[0] as number[];
	const change = json.clean - json.corrupt;
	expect(Math.abs(inputs.reduce((a, b) => a + b) - change)).toBeLessThan(0.02 * Math.abs(change));

	const svg = folder.at("heads.svg");
	const { stdout } = await runCli("attribute", ...ids, "--at", "z", "resid-pre", "--out", svg);
	expect(stdout).toContain(`Wrote ${svg}`);
	expect(readFileSync(svg, "utf8")).toContain("Attribution at z of demo");
	await runCli("attribute", ...ids, "--paths", "--out", folder.at("paths.png"));
	expect([...readFileSync(folder.at("paths.png")).subarray(1, 4)]).toEqual([80, 78, 71]);
});

test("patches paths", async () => {
	const json = await runJson<AttributeResult>(
		...[
			"attribute",
			...PAIR,
			"--paths",
			"--senders",
			"embed,heads",
			"--receivers",
			"1.3.q,logits",
			"--top",
			"2",
		],
	);
	expect(json.points).toBeUndefined();
	const paths = json.paths as PathResult;
	expect(paths.senders).toEqual(["embed", "0.0", "0.1", "0.2", "0.3", "1.0", "1.1", "1.2", "1.3"]);
	expect(paths).toMatchObject({ norms: "frozen", mlps: "frozen" });
	expect(paths.values.map((row) => row[0] === null)).toEqual([
		...Array(5).fill(false),
		...Array(4).fill(true),
	]);
	expect(paths.ranking).toHaveLength(2);
	expect(paths.ranking[0]).toMatchObject({ sender: "1.3", receiver: "logits" });
	const follow = ["--paths", "--senders", "embed", "--receivers", "logits", "--mlps", "recomputed"];
	const followed = (await runJson<AttributeResult>("attribute", ...PAIR, ...follow)).paths as PathResult;
	expect(followed.mlps).toBe("recomputed");
	expect(followed.values[0]?.[0]).not.toBe(paths.values[0]?.[1]);
	const { stdout } = await runCli("attribute", ...PAIR, "--paths", "--norms", "recomputed");
	expect(stdout).toMatch(/SENDER +RECEIVER +CHANGE\n +1\.3 +logits/);
});

test("of a regression run, estimates how the clean targets come back, with patching beside them", async () => {
	using folder = new Folder();
	const few = ["M=64", "--samples", "24"];
	const json = await runJson<AttributeResult>("attribute", ...few, "--at", "z,resid-pre", "--check");
	expect(json).toMatchObject({ model: "M=64", metric: "pretrain/token/7", rows: 24, steps: 0 });
	expect(json.run).toMatchObject({ step: 49999, corruption: "tasks", seed: 0 });
	expect(json.corrupt).toBeGreaterThan(json.clean);
	const [z, resid] = [pointOf(json, "z"), pointOf(json, "resid_pre")];
	expect(z.axes).toEqual(["layer", "pos", "head"]);
	expect(z.agreement?.cells).toBe(8);
	expect(resid.agreement?.cells).toBe(32);
	expect(resid.agreement?.largest[0]?.cell).toMatch(/^[01]@\d+$/);
	const patched = await runJson<PatchResult>("patch", ...few);
	const changes = (patched.values as number[][]).flat().map((value) => value - patched.corrupt);
	for (const [i, change] of (resid.patched as number[][]).flat().entries())
		expect(change).toBeCloseTo(changes[i] as number, 4);

	// along the way between both sides the embedding's attributions add up to the whole change
	const svg = folder.at("attribution.svg");
	const way = [
		"--at",
		"resid-pre",
		"--steps",
		"64",
		"--metric",
		"true/mse",
		"--corrupt",
		"labels",
		"--out",
		svg,
	];
	const integrated = await runJson<AttributeResult>("attribute", ...few, ...way);
	const inputs = (pointOf(integrated, "resid_pre").values as number[][])[0] as number[];
	const change = integrated.clean - integrated.corrupt;
	expect(Math.abs(inputs.reduce((a, b) => a + b) - change)).toBeLessThan(0.02 * Math.abs(change));
	expect(readFileSync(svg, "utf8")).toContain("Attribution at resid_pre of M=64, step 49999");

	const { stdout } = await runCli("attribute", ...few, "--check", "--top", "2");
	expect(stdout).toMatch(/^pretrain\/token\/7 of M=64, step 49999: clean [\d.]+, corrupted [\d.]+$/m);
	expect(stdout).toContain("agreement with patching over 8 places: Pearson");
	const paths = await runJson<AttributeResult>("attribute", ...few, "--paths", "--receivers", "1.1.q,logits");
	expect(paths.run?.step).toBe(49999);
	expect(paths.paths?.receivers).toEqual(["1.1.q", "logits"]);
});

test.each([
	["--metric rank", '--metric: "rank" is not differentiable', PAIR.slice(0, 6)],
	["--metric loss", "--wrong goes with metrics of answers, not with loss", PAIR],
	["--answer", "needs --wrong", PAIR.slice(0, 6)],
	["--wrong zebra", '"zebra" is not in the vocabulary', PAIR],
	["--corrupt red", "--clean: 8 tokens, but the corrupted prompt has 1, and both need as many", PAIR],
	["--at resid", '--at: no point "resid"; nearest: resid_pre', PAIR],
	["--steps -1", "Allowed are whole numbers 0..10000", PAIR],
	["--paths --receivers 2.0.q", '--receivers: no "2.0.q" in this model', PAIR],
	["--paths --senders 0.1,mlp.2", '--senders: no "mlp.2" in this model', PAIR],
	["--paths --norms thawed", '--norms: got "thawed", allowed "frozen", "recomputed"', PAIR],
	["--paths --mlps thawed", '--mlps: got "thawed", allowed "frozen", "recomputed"', PAIR],
	["--paths --check", "--check goes without --paths", PAIR],
	["--norms frozen", "--norms goes with --paths", PAIR],
	["--mlps frozen", "--mlps goes with --paths", PAIR],
	["--clean-ids x.json", "give one pair", PAIR],
	["--bos", "no prompts; give --clean", []],
	["--out heads.gif", "allowed .svg, .png", PAIR],
])("refuses %s", async (extra, message, pair) => {
	const added = extra === "--answer" ? [] : extra.split(" ");
	const { code, stderr } = await runCli("attribute", ...pair, ...added);
	expect(stderr).toContain(message);
	expect(code).toBe(2);
});

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../built.js";
import { Installed, type Output } from "./installed.js";

const MINUTE = 60_000;
/** The largest tarball that is still a quick download. */
const MOST_BYTES = 12 * 2 ** 20;

let user: Installed;
const headscope = (...args: string[]): Promise<Output> => user.headscope(...args);
const evaluate = async (code: string): Promise<string> =>
	(await user.run(process.execPath, ["--input-type=module", "--eval", code])).stdout;
/** Runs one of the package's examples. */
const example = (name: string, ...args: string[]): Promise<Output> =>
	user.run(process.execPath, [user.at("node_modules/headscope/dist/examples", `${name}.js`), ...args]);

beforeAll(async () => {
	user = await Installed.create();
}, 10 * MINUTE);
afterAll(() => user?.remove());

describe("the packed tarball, installed in an empty folder", () => {
	test("holds the program, the types and the demo models, and nothing of the tests", () => {
		const paths = user.packed.files.map((file) => file.path);
		for (const needed of ["README.md", "LICENSE", "CHANGELOG.md", "dist/cli/main.js", "dist/index.d.ts"]) {
			expect(paths).toContain(needed);
		}
		for (const demo of ["demo", "demo-llama"]) expect(paths).toContain(`assets/${demo}/model.safetensors`);
		const allowed = /^(dist|assets|examples)\/|^(README|CHANGELOG)\.md$|^LICENSE$|^package\.json$/;
		expect(paths.filter((path) => !allowed.test(path) || /\.test\.|golden/.test(path))).toEqual([]);
		expect(user.packed.size).toBeLessThan(MOST_BYTES);
	});

	test("every entry can be imported and gives names", async () => {
		const { exports } = JSON.parse(readFileSync(user.at("node_modules/headscope/package.json"), "utf8")) as {
			exports: Record<string, unknown>;
		};
		const entries = Object.keys(exports).filter((entry) => entry !== "./package.json");
		expect(entries).toContain(".");
		for (const entry of entries) {
			const name = entry.replace(".", "headscope");
			const names = JSON.parse(
				await evaluate(`console.log(JSON.stringify(Object.keys(await import("${name}"))))`),
			) as string[];
			expect(names.length, name).toBeGreaterThan(0);
		}
	});

	test(
		"its types hold for a strict user",
		async () => {
			writeFileSync(
				user.at("user.ts"),
				[
					'import { loadModel, type Tensor } from "headscope";',
					'import { attentionPattern } from "headscope/figures";',
					'import { svgToPng } from "headscope/node";',
					'const model = await loadModel("demo");',
					'const { logits, cache } = await model.runWithCache("red fox", { names: /hook_pattern$/ });',
					'export const tensors: (Tensor | undefined)[] = [logits, cache.get("pattern", 0)];',
					"export const draw = [attentionPattern, svgToPng];",
					"// @ts-expect-error a model is named by a string",
					"export const wrong = loadModel(7);",
				].join("\n"),
			);
			const options = ["--noEmit", "--strict", "--target", "es2023", "--lib", "es2023,dom,esnext.disposable"];
			const tsc = join(root, "node_modules/typescript/bin/tsc");
			const checked = user.run(process.execPath, [tsc, ...options, "--module", "nodenext", "user.ts"]);
			await expect(checked.catch((error: { stdout: string }) => error.stdout)).resolves.toMatchObject({
				stdout: "",
			});
		},
		2 * MINUTE,
	);

	test("the command line tells its version and its commands", async () => {
		const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
		expect((await headscope("--version")).stdout.trim()).toBe(version);
		expect((await headscope("--help")).stdout).toContain("induction");
	});

	test("finds the demo's induction heads", async () => {
		const { stdout } = await headscope("induction", "--json");
		const { ranking } = JSON.parse(stdout) as { ranking: { head: string; lift: number }[] };
		expect(ranking[0]?.head).toMatch(/^1\./);
		expect(ranking[0]?.lift).toBeGreaterThan(0.5);
	});

	test(
		"the notebook's example runs and draws its figures",
		async () => {
			const { stdout } = await example("mechinterp", "figures");
			expect(stdout).toContain("reset: the metrics from before");
			for (const part of ["State dict", "Modules", "24 activations", "M = 65536: the first tasks"]) {
				expect(stdout).toContain(`=== ${part}`);
			}
			const figures = user.at("figures");
			const across = join(figures, "M=1/across-x-basis-w=0");
			const names = readdirSync(join(across, "overview"));
			// 24 locations of the model, x and y
			expect(names).toHaveLength(26);
			for (const inside of ["0", "1", "2", "3"]) {
				expect(readdirSync(join(across, inside)).sort()).toEqual(names.toSorted());
			}
			const single = ["x_trick.T", "y_trick", "attention/0", "attention/3", "M=1/patched", "comparison"];
			const files = [
				...single.map((name) => join(figures, `${name}.png`)),
				...names.map((name) => join(across, "overview", name)),
			];
			for (const file of files) {
				const bytes = readFileSync(file);
				expect(bytes.subarray(1, 4).toString("latin1"), file).toBe("PNG");
				// whole, and neither empty nor a strip
				expect(bytes.subarray(-8, -4).toString("latin1"), file).toBe("IEND");
				expect(Math.min(bytes.readUInt32BE(16), bytes.readUInt32BE(20)), file).toBeGreaterThan(150);
			}
			const { before, after, change } = JSON.parse(
				readFileSync(join(figures, "M=1/patched.json"), "utf8"),
			) as Record<string, Record<string, number>>;
			const key = "pretrain/delta_dmmse";
			const [x = 0, y = 0] = [before?.[key], after?.[key]];
			expect(y).toBeGreaterThan(x);
			expect(change?.[key]).toBeCloseTo((y - x) / x, 10);
		},
		5 * MINUTE,
	);

	test("the induction story runs: ablating the previous-token partner costs most, an ideal pattern repairs it", async () => {
		const { stdout } = await example("induction-story", "story");
		const numberAfter = (text: string): number => Number(stdout.split(text)[1]?.match(/-?[\d.]+/)?.[0]);
		const partner = /previous-token partner (0\.\d)/.exec(stdout)?.[1] as string;
		const before = numberAfter("Loss on repeats, ");
		const without = numberAfter(`without ${partner}: `);
		const repaired = Number(/^without .* with the ideal pattern: ([\d.]+)/m.exec(stdout)?.[1]);
		expect(without).toBeGreaterThan(before + 3);
		expect(repaired).toBeLessThan(before + 0.1);
		expect(numberAfter('"king" as it is: ')).toBeGreaterThan(0.9);
		expect(numberAfter(`"king" without ${partner}: `)).toBeLessThan(0.05);
		expect(readdirSync(user.at("story")).sort()).toEqual([
			"ablated.png",
			"patterns as it is.png",
			`patterns without ${partner}.png`,
		]);
	});

	test("the example that made the demo models runs for some steps, and leaves a model with checkpoints", async () => {
		const { stdout } = await example("train-demo", "demo", "1", "trained", "--steps", "21");
		expect(stdout).toMatch(/^step 0: loss 4\.8/);
		const { steps } = JSON.parse((await headscope("phase", "trained", "--json")).stdout) as {
			steps: number[];
		};
		expect(steps).toEqual([0, 20]);
	});

	test.each([
		[
			["sweep", "list", "small-sweep.yaml", "--storage", "s3://bucket"],
			"s3://bucket: buckets need",
			"@aws-sdk/client-s3",
		],
		[
			["worker", "--queue", "redis://127.0.0.1:1", "--storage", "runs"],
			"redis://127.0.0.1:1: queues need",
			"bullmq ioredis",
		],
	])("%j says which optional package to install", async (args, what, install) => {
		const failed = headscope(...args).then(
			() => ({ code: 0, stderr: "" }),
			(error: { code: number; stderr: string }) => error,
		);
		expect(await failed).toMatchObject({
			code: 1,
			stderr: `headscope: ${what} a package that is not installed: npm install ${install}\n`,
		});
	});

	test("without the native runtime, the same ranking comes from WASM, with one line that says so", async () => {
		const before = JSON.parse((await headscope("induction", "--json")).stdout) as object;
		rmSync(user.at("node_modules/onnxruntime-node"), { recursive: true, force: true });
		const { stdout, stderr } = await headscope("induction", "--json");
		const notices = stderr.split("\n").filter((line) => line.includes("onnxruntime-node"));
		expect(notices).toHaveLength(1);
		const heads = (of: object): string[] =>
			(of as { ranking: { head: string }[] }).ranking.map((r) => r.head);
		expect(heads(JSON.parse(stdout) as object)).toEqual(heads(before));
		expect(existsSync(user.at("node_modules/onnxruntime-web"))).toBe(true);
	});
});

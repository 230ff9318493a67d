/** The commands that train and evaluate in-context regression runs, as a user runs them. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import type { EvalResult, WeightsEvalResult } from "../../src/cli/actions/icl/eval.js";
import type { TrainResult } from "../../src/cli/actions/icl/train.js";
import { run } from "../../src/cli/run.js";
import { difference, type Tensor } from "../../src/tensor/index.js";
import { readSafetensors, writeSafetensors } from "../../src/weights/index.js";

import { expectRelative } from "../icl/support.js";
import { referenceFolders, referenceJson, referencePath, referenceTensors } from "../reference-data.js";
import { collector, Folder, runCli, runCliWith, runJson } from "./run-cli.js";

/** A run that trains in a second, and saves at its ends and once between. */
const SWEEP = `method: grid
parameters:
  task_config:
    parameters:
      num_tasks: { values: [4, 8] }
      task_size: { value: 2 }
      max_examples: { value: 3 }
      num_layers: { value: 1 }
      embed_size: { value: 8 }
      mlp_size: { value: 8 }
  num_steps: { value: 400 }
  batch_size: { value: 8 }
  eval_batch_size: { value: 16 }
  checkpointer_config: { parameters: { checkpoint_steps: { value: [0, 9] } } }
  logger_config: { parameters: { logging_steps: { value: [0, 9] } } }
`;

/** The command line that trains a run of SWEEP. */
function training(folder: Folder, out: string, ...more: string[]): string[] {
	writeFileSync(folder.at("sweep.yaml"), SWEEP);
	const which = ["--sweep", folder.at("sweep.yaml"), "--where", "num_tasks=4"];
	return ["icl", "train", ...which, "--out", folder.at(out), "--threads", "1", ...more];
}

/** Settings of a small run, as flags. */
const SMALL = [
	...["--num-tasks", "4", "--task-size", "2", "--max-examples", "3", "--num-layers", "1", "--num-heads", "2"],
	...[
		"--embed-size",
		"8",
		"--mlp-size",
		"8",
		"--batch-size",
		"8",
		"--eval-batch-size",
		"16",
		"--threads",
		"1",
	],
];

describe("icl train", () => {
	test("makes a shipped run again: by the same settings, from the same beginning", async () => {
		using folder = new Folder();
		const interrupt = new AbortController();
		const begun = run(
			["icl", "train", "--sweep", "demo-sweep.yaml", "--where", "num_tasks=64", "--out", folder.path],
			{ stdout: collector().stream, stderr: collector().stream, signal: interrupt.signal },
		);
		const name = "checkpoints/icl/M-64-seed-0-task-48d75c-opt-f7c569-sched-2f2bb9/0.safetensors";
		await vi.waitFor(() => expect(existsSync(folder.at(name))).toBe(true), { timeout: 50_000, interval: 50 });
		interrupt.abort();
		expect(await begun).toBe(130);
		const shipped = fileURLToPath(new URL(`../../assets/runs/${name}`, import.meta.url));
		const ours = await readSafetensors(readFileSync(folder.at(name)), name);
		const theirs = await readSafetensors(readFileSync(shipped), shipped);
		expect(ours.metadata.settings).toBe(theirs.metadata.settings);
		expect(theirs.tensors.size).toBeGreaterThan(10);
		for (const [key, tensor] of theirs.tensors) {
			expect(difference(ours.tensors.get(key) as Tensor, tensor).maxAbs, key).toBeLessThan(1e-6);
		}
	});

	test("trains a run, refuses to begin it anew, and evaluates it from its folder", async () => {
		using folder = new Folder();
		const out = folder.at("runs");
		const trained = await runCli(...training(folder, "runs"));
		expect(trained.code, trained.stderr).toBe(0);
		const where = trained.stdout.trim().split(": ").at(-1) as string;
		for (const name of ["run.json", "9.safetensors", "399.safetensors", "loss.csv", "metrics.jsonl"]) {
			expect(existsSync(`${where}/${name}`), name).toBe(true);
		}
		const again = await runCli(...training(folder, "runs"));
		expect(again.code).toBe(2);
		expect(again.stderr).toMatch(/has checkpoints up to step 399; --resume goes on from there/);
		const resumed = await runJson<TrainResult>(...training(folder, "runs", "--resume"));
		expect(resumed).toMatchObject({ step: 399, loss: null, metrics: null, folder: where });

		const evaluated = await runJson<EvalResult>("icl", "eval", out);
		expect(evaluated).toMatchObject({ run: resumed.run, step: 399 });
		const logged = readFileSync(`${where}/metrics.jsonl`, "utf8").trim().split("\n").at(-1) as string;
		expectRelative(evaluated.metrics, pick(JSON.parse(logged), "pretrain/", "true/"), 1e-9);
		expect(await runJson<EvalResult>("icl", "eval", `${where}/399.safetensors`)).toEqual(evaluated);
		expect(await runJson<EvalResult>("icl", "eval", resumed.run, "--root", out)).toEqual(evaluated);
		const missing = await runCli("icl", "eval", `${where}@7`);
		expect(missing.stderr).toMatch(/has no checkpoint of step 7; it has 0, 9, 399$/m);
	});

	test("saves at Ctrl-C, says how to go on, and ends with the bits of a run that was not stopped", async () => {
		using folder = new Folder();
		const stop = new AbortController();
		const stderr = collector();
		const io = { stdout: collector().stream, stderr: stderr.stream, signal: stop.signal };
		const begun = setInterval(() => {
			const files = existsSync(folder.at("stopped"))
				? readdirSync(folder.at("stopped"), { recursive: true })
				: [];
			if (files.some((file) => String(file).endsWith("/9.safetensors"))) stop.abort();
		}, 5);
		const code = await run(training(folder, "stopped"), io);
		clearInterval(begun);
		expect(code).toBe(130);
		expect(stderr.text()).toMatch(
			/^stopped after step \d+, which is saved in .*; the same command with --resume goes on$/m,
		);
		const resumed = await runJson<TrainResult>(...training(folder, "stopped", "--resume"));
		const whole = await runJson<TrainResult>(...training(folder, "whole"));
		expect(resumed.metrics).toEqual(whole.metrics);
		const bytes = (at: TrainResult): Buffer => readFileSync(`${at.folder}/399.safetensors`);
		expect(bytes(resumed).equals(bytes(whole))).toBe(true);
	});

	test("trains by flags, and shows how far it is", async () => {
		using folder = new Folder();
		const stderr = collector(true);
		const io = { stdout: collector().stream, stderr: stderr.stream, signal: new AbortController().signal };
		expect(await run(["icl", "train", ...SMALL, "--steps", "20", "--out", folder.at("runs")], io)).toBe(0);
		const { folder: where } = await runJson<TrainResult>(
			...["icl", "train", ...SMALL, "--steps", "20", "--out", folder.at("runs"), "--resume"],
		);
		expect(JSON.parse(readFileSync(`${where}/run.json`, "utf8"))).toMatchObject({
			task_config: { num_tasks: 4, task_size: 2 },
			batch_size: 8,
			num_steps: 20,
		});
	});

	test.each([
		[
			["--sweep", "demo-sweep.yaml"],
			/4 runs match no filter, allowed is one; they differ in task_config.num_tasks 1, 4, 64/,
		],
		[
			["--sweep", "demo-sweep.yaml", "--where", "num_tasks=7"],
			/no run has task_config.num_tasks = 7; there is .* 1, 4, 64, 65536/,
		],
		[["--sweep", "demo-sweep.yaml", "--where", "tasks=7"], /there is no setting "tasks"; nearest are/],
		[["--sweep", "demo-sweep.yaml", "--num-heads", "2"], /--num-heads: a sweep has its own settings/],
		[["--where", "num_tasks=7"], /--where goes with --sweep/],
		[["--num-heads", "3"], /settings: task_config: embed_size 128 is not a multiple of num_heads 3/],
		[["--noise-variance", "-1"], /settings: task_config.noise_variance/],
		[["--lr", "fast"], /--lr.*Allowed are numbers/],
		[["--steps", "0"], /--steps.*whole numbers from 1/],
	])("refuses %j", async (args, message) => {
		using folder = new Folder();
		const { code, stderr } = await runCli("icl", "train", ...args, "--out", folder.at("runs"));
		expect(stderr).toMatch(message);
		expect([code, stderr.trim().split("\n").length]).toEqual([2, 1]);
	});

	test.each([
		[
			["--num-tasks", "1048577", "--steps", "4"],
			/number of tasks 1048577, allowed whole numbers from 1 to 1048576/,
		],
		[["--noise-variance", "0", "--steps", "4"], /ridge: .*noise variance 0/],
		[
			["--lr", "1e30", "--steps", "50"],
			/the loss is (NaN|Infinity) at step \d+; the last good checkpoint is step \d+/,
		],
	])("stops at %j", async (args, message) => {
		using folder = new Folder();
		const { code, stderr } = await runCli("icl", "train", ...SMALL, ...args, "--out", folder.at("runs"));
		expect(stderr).toMatch(message);
		expect(code).toBe(1);
	});
});

describe("icl eval", () => {
	test("shows a shipped run's metrics and how far they may be off", async () => {
		const { stdout, code } = await runCli("icl", "eval", "M=64");
		expect(code).toBe(0);
		const lines = stdout.trim().split("\n");
		expect(lines[0]).toMatch(/^M-64-seed-0-task-48d75c-\S+, step \d+, 2048 sequences of each kind$/);
		expect(lines.length).toBe(3 + 22);
		expect(lines.slice(3).every((line) => /^(pretrain|true)\/\S+ +[\d.e-]+ +± [\d.e-]+$/.test(line))).toBe(
			true,
		);
		const json = await runJson<EvalResult>("icl", "eval", "M=64", "--keys", "current");
		expect(Object.keys(json.metrics)).toContain("pretrain/mse_subsequence");
	});

	test.each(referenceFolders("icl", "small"))(
		"has the original's numbers for given files: %s",
		async (name) => {
			const file = (part: string): string => referencePath("icl", "small", name, part);
			const files = ["--config", file("config.json"), "--inputs", file("inputs.safetensors")];
			const weights = file("weights.safetensors");
			const found = await runJson<WeightsEvalResult>("icl", "eval", "--weights", weights, ...files);
			const { seed_era_keys: wanted } = referenceJson<{ seed_era_keys: Record<string, number> }>(
				...["icl", "small", name, "metrics.json"],
			);
			expect(Object.keys(found.metrics)).toEqual(Object.keys(wanted));
			expectRelative(found.metrics, wanted, 1e-5);
			const predictions = (await referenceTensors("icl", "small", name, "outputs.safetensors")).get(
				"ys_pred",
			);
			for (const [i, value] of found.predictions.flat().entries()) {
				expect(Math.abs(value - Number(predictions?.data[i]))).toBeLessThanOrEqual(1e-5);
			}
		},
	);

	test("reads the Python trainer's checkpoints with their settings", async () => {
		using folder = new Folder();
		const settings = referencePath("icl", "small", "l2h4-m64", "config.json");
		const pt = referencePath("icl", "checkpoints", "current-torch2.13.pt");
		const found = await runJson<EvalResult>("icl", "eval", pt, "--config", settings);
		expect(found).toMatchObject({ run: "M-64-seed-0-task-48d75c-opt-f7c569-sched-619296", step: null });
		// beside it, with a step for a name
		mkdirSync(folder.at("mine"));
		copyFileSync(pt, folder.at("mine", "599.pt"));
		copyFileSync(settings, folder.at("mine", "config.json"));
		const beside = await runJson<EvalResult>("icl", "eval", folder.at("mine"));
		expect(beside).toEqual({ ...found, step: 599 });
	});

	test("refuses what is no run, one that is not trained, and files that do not fit", async () => {
		using folder = new Folder();
		const says = async (...args: string[]): Promise<string> => {
			const { code, stderr, stdout } = await runCli("icl", "eval", ...args);
			expect([code === 0, stdout, stderr.trim().split("\n").length]).toEqual([false, "", 1]);
			return stderr;
		};
		expect(await says()).toMatch(/no run; give a run such as M=64/);
		expect(await says("M=7")).toMatch(/M=7: is no run that comes with this package; there are M=1, /);
		expect(await says("nobody")).toMatch(
			/nobody: is no folder, no file and no name of a run in demo-sweep.yaml/,
		);
		expect(await says("ntasks-1-task-c19845-opt-f7c569-sched-c4766a")).toMatch(
			/has no checkpoints in .*; nearest shipped run: M=1 \(num_steps 50000 instead of 500000\)/,
		);
		mkdirSync(folder.at("empty"));
		expect(await says(folder.at("empty"))).toMatch(/empty: has no checkpoints: no <step>\.safetensors/);

		const file = (part: string): string => referencePath("icl", "small", "l2h4-m64", part);
		const three = {
			weights: file("weights.safetensors"),
			config: file("config.json"),
			inputs: file("inputs.safetensors"),
		};
		const given = (changed: Partial<typeof three>): string[] =>
			Object.entries({ ...three, ...changed }).flatMap(([key, path]) => [`--${key}`, path]);
		expect(await says("--weights", three.weights)).toMatch(/--weights, --config and --inputs go together/);
		const other = referencePath("icl", "small", "l1h2-k16-out-m64", "inputs.safetensors");
		expect(await says(...given({ inputs: other }))).toMatch(/16 examples, allowed 1\.\.8 \(max_examples\)/);
		expect(await says(...given({ inputs: three.weights }))).toMatch(
			/has no tensor "xs"; needed are xs, ys, pretrain_xs/,
		);
		expect(await says(...given({ weights: three.inputs }))).toMatch(
			/inputs.safetensors: \d+ tensors missing/,
		);
		const outside = referencePath("icl", "small", "l1h2-k16-out-m64", "config.json");
		expect(await says(...given({ config: outside }))).toMatch(/weights.safetensors: \d+ tensors missing/);

		const settings = JSON.parse(readFileSync(three.config, "utf8")) as {
			task_config: Record<string, unknown>;
		};
		const changed = (name: string, task: object): string => {
			const path = folder.at(name);
			writeFileSync(path, JSON.stringify({ ...settings, task_config: { ...settings.task_config, ...task } }));
			return path;
		};
		expect(await says(...given({ config: changed("zero.json", { noise_variance: 0 }) }))).toMatch(
			/noise variance 0/,
		);
		expect(await says(...given({ config: changed("odd.json", { depth: 2 }) }))).toMatch(
			/odd\.json: unknown key task_config\.depth/,
		);
		const torn = folder.at("torn.safetensors");
		writeFileSync(torn, readFileSync(three.weights).subarray(0, 4000));
		expect(await says(...given({ weights: torn }))).toMatch(/torn\.safetensors: is no checkpoint: /);
		const foreign = folder.at("foreign.safetensors");
		writeFileSync(
			foreign,
			writeSafetensors(await referenceTensors("icl", "small", "l2h4-m64", "baselines.safetensors")),
		);
		expect(await says(...given({ weights: foreign }))).toMatch(/foreign\.safetensors: \d+ tensors missing/);
	});

	test("ends at Ctrl-C", async () => {
		const stop = new AbortController();
		stop.abort();
		expect((await runCliWith(stop.signal, "icl", "eval", "M=64")).code).toBe(130);
	});
});

function pick(row: Readonly<Record<string, number>>, ...prefixes: string[]): Record<string, number> {
	return Object.fromEntries(
		Object.entries(row).filter(([key]) => prefixes.some((prefix) => key.startsWith(prefix))),
	);
}

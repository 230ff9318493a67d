import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { SweepListResult } from "../../src/cli/actions/sweep/list.js";
import type { SweepRunResult } from "../../src/cli/actions/sweep/run.js";
import type { SweepStatusResult } from "../../src/cli/actions/sweep/status.js";
import { run } from "../../src/cli/run.js";
import { referenceJson } from "../reference-data.js";
import { collector, Folder, runCli, runJson } from "./run-cli.js";

/** Eight runs; with lr 1e30 the loss is no number soon. */
const SWEEP = `
name: tiny
method: grid
parameters:
  task_config:
    parameters:
      task_size: { value: 2 }
      max_examples: { value: 3 }
      num_tasks: { values: [1, .inf] }
      embed_size: { value: 8 }
      mlp_size: { value: 8 }
      num_heads: { value: 2 }
      num_layers: { values: [1, 2] }
  optimizer_config:
    parameters: { optimizer_type: { value: SGD }, lr: { values: [0.001, 1.0e+30] } }
  num_steps: { value: 12 }
  batch_size: { value: 4 }
  eval_batch_size: { value: 4 }
  checkpointer_config: { parameters: { checkpoint_steps: { value: [3] } } }
  logger_config: { parameters: { logging_steps: { value: [3] } } }
`;

class SweepFolder extends Folder {
	readonly file: string;
	readonly runs: string;

	constructor(text = SWEEP) {
		super();
		this.file = this.at("tiny.yaml");
		this.runs = this.at("runs");
		writeFileSync(this.file, text);
	}
}

test("list shows index, name, what varies and how far each run is", async () => {
	using folder = new SweepFolder();
	const { runs } = await runJson<SweepListResult>("sweep", "list", folder.file, "--out", folder.runs);
	expect(runs.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
	expect(runs[5]?.settings).toEqual({ num_tasks: "inf", num_layers: "1", lr: "1e+30" });
	expect(runs.every(({ state, step, steps }) => state === "missing" && step === null && steps === 12)).toBe(
		true,
	);
	const shipped = await runJson<SweepListResult>(
		...["sweep", "list", "small-sweep.yaml", "--where", "num_tasks=64,num_layers=2,lr=0.001"],
		...["--out", folder.runs],
	);
	const facts = referenceJson<{ rows: { index: number; name_current: string }[] }>(
		"icl",
		"facts",
		"sweep.json",
	);
	const { index, name } = shipped.runs[0] ?? {};
	expect(name).toBe(facts.rows.find((row) => row.index === index)?.name_current);
	expect(shipped.runs.length).toBe(1);
});

test.each([
	// what the file leaves to the defaults, and what defaults make of what it sets
	["optimizer_type=SGD,sampling_seed=3", [0, 1, 2, 3, 4, 5, 6, 7]],
	["weight_decay=0,max_lr=0.001", [0, 2, 4, 6]],
	["total_steps=12,num_layers=2,scheduler_config.max_lr=1e30", [3, 7]],
	["lr=0.001,num_tasks=inf", [4, 6]],
	["num_tasks=.inf,layer_norm=true,eval_batch_size=4", [4, 5, 6, 7]],
])("--where %s sees defaults too", async (where, indices) => {
	using folder = new SweepFolder();
	const args = ["sweep", "list", folder.file, "--where", where, "--out", folder.runs];
	const { runs } = await runJson<SweepListResult>(...args);
	expect(runs.map(({ index }) => index)).toEqual(indices);
});

test("a default that no run has is refused, with what there is", async () => {
	using folder = new SweepFolder();
	const { code, stderr } = await runCli("sweep", "list", folder.file, "--where", "noise_variance=1");
	expect([code, stderr]).toEqual([
		2,
		`headscope: ${folder.file}: no run has task_config.noise_variance = 1; there is task_config.noise_variance 0.25\n`,
	]);
});

test("--seed draws other runs of a random sweep, and the same ones again", async () => {
	const random = SWEEP.replace("method: grid", "method: random\nrun_cap: 5").replace(
		"lr: { values: [0.001, 1.0e+30] }",
		"lr: { distribution: uniform, min: 0.001, max: 0.01 }",
	);
	using folder = new SweepFolder(random);
	const rates = async (...more: string[]): Promise<(string | undefined)[]> => {
		const args = ["sweep", "list", folder.file, "--out", folder.runs, ...more];
		return (await runJson<SweepListResult>(...args)).runs.map(({ settings }) => settings.lr);
	};
	const first = await rates();
	expect(first).toHaveLength(5);
	expect(await rates("--seed", "0")).toEqual(first);
	const other = await rates("--seed", "1");
	expect(first.filter((rate) => other.includes(rate))).toEqual([]);
	expect(await rates("--seed", "1", "--where", `lr=${other[3]}`)).toEqual([other[3]]);
});

test("run trains what is missing, goes on after a failing run, and says which failed", async () => {
	using folder = new SweepFolder();
	const where = ["--where", "num_layers=1", "--out", folder.runs];
	const { code, stdout, stderr } = await runCli(
		"sweep",
		"run",
		folder.file,
		...where,
		"--workers",
		"2",
		"--json",
	);
	expect(code).toBe(1);
	expect(stderr).toContain("headscope: 2 of 4 runs failed");
	const result = JSON.parse(stdout) as SweepRunResult;
	expect(result).toMatchObject({ finished: 2, failed: 2, waiting: 0 });
	expect(result.runs.map(({ index, state }) => [index, state])).toEqual([
		[0, "finished"],
		[1, "failed"],
		[4, "finished"],
		[5, "failed"],
	]);
	expect(result.runs[1]?.error).toMatch(/the loss is (NaN|Infinity) at step \d+/);
	// a line for each beginning and end, where stderr is no terminal
	expect(stderr).toContain("#0 num_tasks=1 num_layers=1 lr=0.001: begun\n");
	expect(stderr).toContain("#4 num_tasks=inf num_layers=1 lr=0.001: finished 12 steps\n");

	const status = await runJson<SweepStatusResult>("sweep", "status", folder.file, "--out", folder.runs);
	expect(status).toMatchObject({ finished: 2, missing: 4 + 2 - status.begun });
	const { result: first } = status.runs[0] ?? {};
	expect(first).toMatchObject({
		token: null,
		metrics: { step: 11 },
		weights: expect.stringMatching(/^[0-9a-f]{64}$/),
	});

	// what is finished stays as it is
	const again = await runCli(
		"sweep",
		"run",
		folder.file,
		"--where",
		"num_layers=1,lr=0.001",
		"--out",
		folder.runs,
	);
	expect(again).toMatchObject({ code: 0, stderr: "" });
	expect(again.stdout).toBe(`2 of 2 runs of ${folder.file} are finished in ${folder.runs}\n`);
});

test("a run that icl train finished counts, and is refused when the sweep's file was edited", async () => {
	using folder = new SweepFolder();
	const where = ["--where", "num_tasks=1,num_layers=1,lr=0.001", "--out", folder.runs];
	await runJson("icl", "train", "--sweep", folder.file, ...where);
	const { runs } = await runJson<SweepListResult>("sweep", "list", folder.file, ...where);
	expect(runs.map(({ state, step }) => [state, step])).toEqual([["finished", 11]]);
	// the batch's size is in no name
	writeFileSync(folder.file, SWEEP.replace("\n  batch_size: { value: 4 }", "\n  batch_size: { value: 5 }"));
	const { code, stderr } = await runCli("sweep", "run", folder.file, ...where);
	expect(code).toBe(1);
	expect(stderr).toMatch(/\/11\.safetensors: was made with other settings: batch_size 4 instead of 5\n$/);
});

test("--steps makes other runs, with names of their own", async () => {
	using folder = new SweepFolder();
	const where = ["--where", "num_tasks=1,num_layers=1,lr=0.001", "--out", folder.runs];
	const [usual] = (await runJson<SweepListResult>("sweep", "list", folder.file, ...where)).runs;
	const [short] = (await runJson<SweepListResult>("sweep", "list", folder.file, ...where, "--steps", "5"))
		.runs;
	expect(short).toMatchObject({ steps: 5, settings: usual?.settings });
	expect(short?.name).not.toBe(usual?.name);
});

test("Ctrl-C stops at a checkpoint, and the same command goes on from there", async () => {
	using folder = new SweepFolder(SWEEP.replace("value: 12", "value: 3000"));
	const args = [
		"sweep",
		"run",
		folder.file,
		"--where",
		"num_tasks=1,num_layers=1,lr=0.001",
		"--out",
		folder.runs,
	];
	const [stdout, stderr] = [collector(), collector()];
	const interrupt = new AbortController();
	const ran = run(args, { stdout: stdout.stream, stderr: stderr.stream, signal: interrupt.signal });
	while (!stderr.text().includes("begun")) await new Promise((resolve) => setTimeout(resolve, 5));
	interrupt.abort();
	expect(await ran).toBe(130);
	expect(stdout.text()).toBe("");
	expect(stderr.text()).toContain("0 of 1 runs finished; the same command goes on with the others\n");
	const status = await runJson<SweepStatusResult>(...["sweep", "status", folder.file, "--out", folder.runs]);
	const step = status.runs[0]?.step ?? -1;
	expect(step).toBeLessThan(2999);
	const { stderr: lines, code } = await runCli(...args);
	expect(code).toBe(0);
	if (step >= 0) expect(lines).toContain(`goes on after step ${step}\n`);
});

test("a terminal gets a table that is gone in the end", async () => {
	using folder = new SweepFolder(SWEEP.replace("value: 12", "value: 1500"));
	const [stdout, stderr] = [collector(), collector(true)];
	const args = ["sweep", "run", folder.file, "--where", "num_layers=1,lr=0.001", "--out", folder.runs];
	const signal = new AbortController().signal;
	expect(await run(args, { stdout: stdout.stream, stderr: stderr.stream, signal })).toBe(0);
	expect(stderr.text()).toMatch(/RUN +STEP +LOSS +STEPS\/S +LEFT +STATE\n#0 num_tasks=1/);
	// the last thing written takes the last table away
	expect(stderr.text().endsWith("\x1b[0J")).toBe(true);
});

test.each([
	[
		["sweep", "list", "nowhere.yaml"],
		/nowhere\.yaml: there is no such file; shipped sweeps are .*small-sweep\.yaml/,
	],
	[
		["sweep", "list", "small-sweep.yaml", "--where", "num_tsks=1"],
		/--where: there is no setting "num_tsks"; nearest are num_tasks/,
	],
	[
		["sweep", "list", "small-sweep.yaml", "--where", "num_tasks"],
		/--where: "num_tasks", allowed: setting=value/,
	],
	[
		["sweep", "list", "small-sweep.yaml", "--where", "num_tasks=3"],
		/no run has task_config\.num_tasks = 3; there is .*1, 4, 16/,
	],
	[
		["sweep", "list", "small-sweep.yaml", "--seed", "1"],
		/--seed: 1, allowed with random sweeps; .*small-sweep\.yaml is a grid/,
	],
	[
		["sweep", "list", "small-sweep.yaml", "--out", "a", "--storage", "b"],
		/--out and --storage: allowed is one of them/,
	],
	[
		["sweep", "list", "small-sweep.yaml", "--storage", "gs://a"],
		/--storage: "gs:\/\/a", allowed: a folder or s3:\/\/bucket/,
	],
	[["sweep", "run", "small-sweep.yaml", "--detach"], /--detach: allowed with --queue/],
	[
		["sweep", "run", "small-sweep.yaml", "--workers", "2", "--queue", "redis://x"],
		/--workers: not with --queue/,
	],
	[["worker", "--queue", "http://x", "--storage", "y"], /--queue: "http:\/\/\.\.\.", allowed: redis:\/\//],
	[["worker", "--queue", "redis://x"], /required option '--storage/],
])("%j is refused", async (argv, message) => {
	const { code, stdout, stderr } = await runCli(...argv);
	expect([code, stdout]).toEqual([2, ""]);
	expect(stderr).toMatch(message);
});

test("a Redis that is not there is told at once", async () => {
	using folder = new SweepFolder();
	const { code, stderr } = await runCli(
		"worker",
		"--queue",
		"redis://me:secret@127.0.0.1:1/0",
		"--storage",
		folder.runs,
	);
	expect(code).toBe(1);
	expect(stderr).toBe(
		"headscope: redis://127.0.0.1:1/0: Redis cannot be reached: connect ECONNREFUSED 127.0.0.1:1\n",
	);
});

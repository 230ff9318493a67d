import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	getConfig,
	getSweepConfigs,
	getUniqueConfig,
	type PythonDict,
	parseSweep,
	plain,
	pythonJson,
	resolveConfig,
	runNames,
	slug,
	sweepSettings,
	sweepSize,
	TrainError,
} from "../../src/train/index.js";
import { readSweep } from "../../src/train/node.js";
import { referenceJson } from "../reference-data.js";

interface Row {
	readonly index: number;
	readonly num_tasks: number;
	readonly num_layers: number;
	readonly lr: number;
	readonly name_early: string;
	readonly name_current: string;
}
interface Facts {
	readonly count: number;
	readonly first_dict: PythonDict;
	readonly rows: Row[];
	readonly resolution_cases: {
		filters: PythonDict;
		result?: { num_tasks: number; num_layers: number; lr: number };
		error?: string;
		message?: string;
	}[];
	readonly first_four_with_two_layers: [number, number, number][];
	readonly hash_inputs_example: Record<
		"task" | "optimizer" | "scheduler" | "name" | "slug" | "project_dir",
		string
	>;
}

const facts = referenceJson<Facts>("icl", "facts", "sweep.json");
const small = await readSweep("small-sweep.yaml");

describe("small-sweep", () => {
	test("has the 81 configurations in the Python trainer's order, with its names", () => {
		const runs = [...getSweepConfigs(small)];
		expect(runs.length).toBe(facts.count);
		const rows = runs.map(({ index, config, names }) => ({
			index,
			num_tasks: config.task_config.num_tasks,
			num_layers: config.task_config.num_layers,
			lr: config.optimizer_config.lr,
			name_early: names.early,
			name_current: names.current,
		}));
		expect(rows).toEqual(facts.rows);
		expect(JSON.stringify(plain(runs[0]?.given as PythonDict))).toBe(JSON.stringify(facts.first_dict));
	});

	test("hashes the texts that Python prints", () => {
		const filters = { task_config: { num_tasks: 1, num_layers: 2 }, optimizer_config: { lr: 0.001 } };
		const { given, config, names } = getUniqueConfig(small, filters);
		const example = facts.hash_inputs_example;
		expect(pythonJson(given.task_config as PythonDict)).toBe(example.task);
		expect(names).toMatchObject({ current: example.name, projectDir: example.project_dir });
		expect(slug(config)).toBe(example.slug);
	});

	test.each(facts.resolution_cases)("resolves $filters", ({ filters, result, message }) => {
		if (result) {
			const { task_config: task, optimizer_config: optimizer } = getUniqueConfig(small, filters).config;
			expect({ num_tasks: task.num_tasks, num_layers: task.num_layers, lr: optimizer.lr }).toEqual(result);
			return;
		}
		const wording =
			message === "No matches found" ? /^small-sweep\.yaml: no run / : /^small-sweep\.yaml: 3 runs match /;
		expect(() => getUniqueConfig(small, filters)).toThrow(wording);
	});

	test("finds many runs in order, and the first", () => {
		const two = [...getSweepConfigs(small, { task_config: { num_layers: 2 } })].slice(0, 4);
		const triples = two.map(({ config: c }) => [
			c.task_config.num_tasks,
			c.task_config.num_layers,
			c.optimizer_config.lr,
		]);
		expect(triples).toEqual(facts.first_four_with_two_layers);
		expect(getConfig(small, { task_config: { num_layers: 2 } }).index).toBe(two[0]?.index);
	});

	test("says what there is where nothing or too much matches", () => {
		const unique =
			(filters: PythonDict, options = {}) =>
			() =>
				getUniqueConfig(small, filters, options);
		expect(unique({ task_config: { num_tasks: 3 } })).toThrow(
			"small-sweep.yaml: no run has task_config.num_tasks = 3; there is task_config.num_tasks 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536",
		);
		expect(unique({ task_config: { num_task: 1 } })).toThrow(
			/no run sets task_config\.num_task; nearest are task_config\.num_tasks/,
		);
		expect(unique({ task_config: { num_tasks: 1, num_layers: 2 } })).toThrow(
			"small-sweep.yaml: 3 runs match task_config.num_tasks = 1, task_config.num_layers = 2, allowed is one; they differ in optimizer_config.lr 0.0003, 0.001, 0.003",
		);
		expect(() => getConfig(small, { batch_size: 256 })).toThrow(/leaves to the defaults are not compared/);
	});

	test("filters on defaults where asked", () => {
		expect([...getSweepConfigs(small, { batch_size: 256 }, { defaults: true })].length).toBe(81);
		expect(() => getConfig(small, { batch_size: 32 }, { defaults: true })).toThrow(/there is batch_size 256/);
	});

	test("extra settings lie under the grid's", () => {
		const options = {
			base: { batch_size: 32, eval_batch_size: 1, task_config: { num_layers: 7, layer_norm: false } },
		};
		const { config } = getConfig(small, {}, options);
		expect(config).toMatchObject({ batch_size: 32, eval_batch_size: 2048 });
		expect(config.task_config).toMatchObject({ num_layers: 1, layer_norm: false });
		expect([...getSweepConfigs(small, { batch_size: 32 }, options)].length).toBe(81);
	});
});

describe("names", () => {
	const given: PythonDict = { task_config: { num_tasks: 4, model_seed: 0 } };
	test("change with what is spelled out, not with what is never hashed", () => {
		const name = (more: PythonDict) => runNames({ ...given, ...more }).current;
		const task = (more: PythonDict) => name({ task_config: { num_tasks: 4, model_seed: 0, ...more } });
		expect(task({ task_size: 8 })).not.toBe(name({}));
		expect(task({ layer_norm: true, include_output: false })).toBe(name({}));
		expect(task({ layer_norm: false })).not.toBe(name({}));
		expect(name({ batch_size: 1, eval_batch_size: 3 })).toBe(name({}));
		expect(name({ num_steps: 100 })).not.toBe(name({}));
		expect(name({ extra: "again" })).toBe(`${name({})}-again`);
		expect(runNames({ ...given, extra: "again" }).projectDir).toBe(`icl/${name({})}`);
	});

	test("of the recorded short run", () => {
		const recorded = {
			task_size: 4,
			max_examples: 8,
			num_tasks: 64,
			noise_variance: 0.125,
			embed_size: 64,
			mlp_size: 64,
			num_heads: 4,
			num_layers: 2,
			model_seed: 0,
			pretrain_seed: 1,
			true_seed: 2,
			sampling_seed: 3,
			layer_norm: true,
			include_output: false,
		};
		expect(runNames({ task_config: recorded, num_steps: 600 }).current).toBe(
			"M-64-seed-0-task-48d75c-opt-f7c569-sched-619296",
		);
	});
});

describe("numbers print as in Python", () => {
	test.each([
		[1, "1"],
		[0.1, "0.1"],
		[1e-5, "1e-05"],
		[0.0001, "0.0001"],
		[1.5e-7, "1.5e-07"],
		[123456.75, "123456.75"],
		[1e16, "1e+16"],
		[1.5e300, "1.5e+300"],
		[5e-324, "5e-324"],
		[Number.NaN, "NaN"],
		[-0.5, "-0.5"],
	])("%s", (value, text) => {
		expect(pythonJson(value)).toBe(text);
	});

	test("floats of YAML keep their point", () => {
		const sweep = parseSweep(
			"method: grid\nparameters:\n  task_config:\n    parameters:\n      noise_variance: {values: [1, 1.0, 2e5, 1e-05]}\n",
		);
		const texts = [...sweepSettings(sweep)].map((s) => pythonJson(s));
		expect(texts).toEqual(
			["1", "1.0", "200000.0", "1e-05"].map((n) => `{"task_config": {"noise_variance": ${n}}}`),
		);
	});

	test("text is escaped as Python escapes it, keys are sorted", () => {
		expect(pythonJson({ b: "é\u2028\u{1f600}\x7f\n", a: [true, null] })).toBe(
			'{"a": [true, null], "b": "\\u00e9\\u2028\\ud83d\\ude00\\u007f\\n"}',
		);
	});
});

describe("a bad sweep says where and what is allowed", () => {
	const head = "method: grid\nparameters:\n";
	test.each<[string, string, RegExp]>([
		["broken YAML", "method: grid\nparameters: [1,\n", /^sweep:3:1: /],
		["a key twice", "method: grid\nmethod: random\n", /^sweep:2:1: Map keys must be unique/],
		["no mapping", "- 1\n", /^sweep:1:1: a sweep is a mapping/],
		["no method", "parameters: {}\n", /^sweep:1:1: the method must be grid or random/],
		["bayes", "method: bayes\nparameters: {}\n", /^sweep:1:9: the method must be grid or random/],
		[
			"an unknown key",
			"method: grid\nparameter: {}\n",
			/^sweep:2:1: unknown key "parameter" of a sweep, nearest is "parameters"; allowed are name, /,
		],
		[
			"an unknown setting",
			`${head}  batchsize: {value: 3}\n`,
			/^sweep:3:3: unknown key "batchsize" of a run, nearest is "batch_size"; allowed are /,
		],
		[
			"an unknown task setting",
			`${head}  task_config:\n    parameters:\n      depth: {value: 3}\n`,
			/^sweep:5:7: unknown key "depth" of task_config/,
		],
		[
			"an unknown key of a parameter",
			`${head}  num_steps: {valeus: [3]}\n`,
			/^sweep:3:15: unknown key "valeus" of num_steps, nearest is "value/,
		],
		[
			"a word for a number",
			`${head}  task_config:\n    parameters:\n      num_layers: {values: [1, two]}\n`,
			/^sweep:5:32: task_config\.num_layers: .*expected number/,
		],
		[
			"a fraction for a count",
			`${head}  num_steps:\n    value: 1.5\n`,
			/^sweep:4:12: num_steps: .*expected int/,
		],
		[
			"a negative rate",
			`${head}  optimizer_config:\n    parameters:\n      lr: {value: -1}\n`,
			/^sweep:5:19: optimizer_config\.lr: .*>0/,
		],
		[
			"neither value nor values",
			`${head}  num_steps: {}\n`,
			/^sweep:3:14: num_steps must have value, values or parameters/,
		],
		["no list", `${head}  num_steps: {values: 3}\n`, /^sweep:3:23: values of num_steps must be a list/],
		["an empty list", `${head}  num_steps: {values: []}\n`, /must be a list, not empty/],
		[
			"a bare value",
			`${head}  num_steps: 3\n`,
			/^sweep:3:14: num_steps must have value, values or parameters/,
		],
		[
			"a range in a grid",
			`${head}  num_steps: {min: 3, max: 4}\n`,
			/^sweep:3:20: num_steps has min and max, which only a random sweep uses/,
		],
		[
			"an alias",
			`${head}  num_steps: {value: &n 3}\n  batch_size: {value: *n}\n`,
			/^sweep:4:23: aliases are not read/,
		],
		[
			"a value for settings that hold together",
			`${head}  task_config: {value: 20}\n`,
			/^sweep:3:24: task_config: Invalid input: expected object/,
		],
		["a key __proto__", `${head}  __proto__: {value: 3}\n`, /unknown key "__proto__" of a run/],
		[
			"an upside-down range",
			"method: random\nrun_cap: 3\nparameters:\n  num_steps: {min: 5, max: 4}\n",
			/^sweep:4:20: num_steps from 5 to 4 has no int_uniform/,
		],
		[
			"probabilities that do not sum to 1",
			"method: random\nrun_cap: 3\nparameters:\n  num_steps: {values: [5, 4], probabilities: [0.5, 0.4]}\n",
			/must be 2 numbers from 0 that sum to 1/,
		],
	])("%s", (_, text, message) => {
		expect(() => parseSweep(text)).toThrow(TrainError);
		expect(() => parseSweep(text)).toThrow(message);
	});

	test("values that do not fit together name the run", () => {
		const sweep = parseSweep(`${head}  task_config:\n    parameters:\n      num_heads: {values: [2, 3]}\n`);
		expect(() => [...getSweepConfigs(sweep)]).toThrow(
			/^sweep, run 1: task_config: embed_size 128 is not a multiple of num_heads 3/,
		);
	});

	test("too many runs", () => {
		const many = `{values: [${Array.from({ length: 400 }, (_, i) => i + 1)}]}`;
		const sweep = parseSweep(`${head}  num_steps: ${many}\n  batch_size: ${many}\n`);
		expect(() => sweepSize(sweep)).toThrow("sweep: the grid has 160000 runs, allowed up to 100000");
	});

	test("a file that is not there names the shipped ones; a file is read by its path", async () => {
		await expect(readSweep("smal-sweep.yaml")).rejects.toThrow(
			/no such file; shipped sweeps are .*small-sweep\.yaml/,
		);
		const folder = await mkdtemp(join(tmpdir(), "sweep-"));
		try {
			await writeFile(join(folder, "a.yaml"), "method: grid\nparameters: {num_steps: {values: [10, 20]}}\n");
			expect(sweepSize(await readSweep(join(folder, "a.yaml")))).toBe(2);
			await expect(readSweep(folder)).rejects.toThrow(/is not a file/);
		} finally {
			await rm(folder, { recursive: true });
		}
	});
});

describe("laws", () => {
	const choices = (max: number) =>
		fc.uniqueArray(fc.integer({ min: 1, max }), { minLength: 1, maxLength: 4 });
	const grid = fc.record({
		num_steps: choices(99),
		batch_size: choices(9),
		num_tasks: choices(99),
		num_layers: choices(9),
	});
	const yaml = (
		g: { num_steps: number[]; batch_size: number[]; num_tasks: number[]; num_layers: number[] },
		method = "grid\n",
	) =>
		`method: ${method}parameters:\n  num_steps: {values: [${g.num_steps.map((n) => n + 3)}]}\n  task_config:\n    parameters:\n      num_tasks: {values: [${g.num_tasks}]}\n      num_layers: {values: [${g.num_layers}]}\n  batch_size: {values: [${g.batch_size}]}\n`;

	test("a grid is the product of its choices, each once, the last key fastest", () => {
		fc.assert(
			fc.property(grid, (g) => {
				const sweep = parseSweep(yaml(g));
				const all = [...sweepSettings(sweep)].map((s) => pythonJson(s));
				expect(all.length).toBe(Object.values(g).reduce((n, c) => n * c.length, 1));
				expect(all.length).toBe(sweepSize(sweep));
				expect(new Set(all).size).toBe(all.length);
				const batches = [...sweepSettings(sweep)].map((s) => s.batch_size);
				expect(batches).toEqual(all.map((_, i) => g.batch_size[i % g.batch_size.length]));
			}),
		);
	});

	test("a filter finds exactly the runs that have it; two filters find those of both", () => {
		fc.assert(
			fc.property(grid, fc.nat(), fc.nat(), (g, i, j) => {
				const sweep = parseSweep(yaml(g));
				const batch_size = g.batch_size[i % g.batch_size.length] as number;
				const num_layers = g.num_layers[j % g.num_layers.length] as number;
				const find = (filters: PythonDict) => [...getSweepConfigs(sweep, filters)].map((run) => run.index);
				const a = find({ batch_size });
				const b = find({ task_config: { num_layers } });
				expect(a.length * g.batch_size.length).toBe(sweepSize(sweep));
				expect(find({ batch_size, task_config: { num_layers } })).toEqual(
					a.filter((index) => b.includes(index)),
				);
			}),
			{ numRuns: 20 },
		);
	});

	test("a random sweep is its seed's, and stays within its choices and ranges", () => {
		const text =
			"method: random\nrun_cap: 50\nparameters:\n  batch_size: {values: [1, 2, 3], probabilities: [0, 0.5, 0.5]}\n  num_steps: {min: 10, max: 12}\n  optimizer_config:\n    parameters:\n      lr: {min: 0.001, max: 0.1, distribution: log_uniform_values}\n";
		const sweep = parseSweep(text);
		const draw = (seed: number) => [...getSweepConfigs(sweep, {}, { seed })].map(({ config }) => config);
		const runs = draw(7);
		expect(runs.length).toBe(50);
		expect(draw(7)).toEqual(runs);
		expect(draw(8)).not.toEqual(runs);
		expect(new Set(runs.map((r) => r.batch_size))).toEqual(new Set([2, 3]));
		expect(new Set(runs.map((r) => r.num_steps))).toEqual(new Set([10, 11, 12]));
		const rates = runs.map((r) => r.optimizer_config.lr);
		expect(Math.min(...rates)).toBeGreaterThanOrEqual(0.001);
		expect(Math.max(...rates)).toBeLessThanOrEqual(0.1);
		// half of a log-uniform draw lies below the geometric middle
		expect(rates.filter((r) => r < 0.01).length).toBeGreaterThan(12);
		expect([...getSweepConfigs(sweep, {}, { count: 3, seed: 7 })].map(({ config }) => config)).toEqual(
			runs.slice(0, 3),
		);
	});
});

describe("configurations", () => {
	test("take the Python trainer's defaults", () => {
		expect(resolveConfig({})).toEqual({
			task_config: {
				task_size: 8,
				max_examples: 16,
				num_tasks: 64,
				noise_variance: 0.25,
				embed_size: 128,
				mlp_size: 128,
				num_heads: 2,
				num_layers: 8,
				model_seed: 0,
				pretrain_seed: 1,
				true_seed: 2,
				sampling_seed: 3,
				layer_norm: true,
				include_output: false,
			},
			optimizer_config: { optimizer_type: "Adam", betas: [0.9, 0.999], weight_decay: 0, lr: 0.001 },
			scheduler_config: {
				scheduler_type: "OneCycleLR",
				anneal_strategy: "linear",
				pct_start: 0.5,
				cycle_momentum: false,
				max_lr: 0.001,
				total_steps: 500000,
				div_factor: 249999,
				final_div_factor: 249999,
			},
			num_steps: 500000,
			batch_size: 256,
			eval_batch_size: 2048,
			checkpointer_config: { checkpoint_steps: { log_space: 50, linear_space: 50 } },
			logger_config: { logging_steps: { log_space: 100, linear_space: 100 } },
		});
	});

	test("a schedule's own length counts, and must cover the run", () => {
		const given = { num_steps: 100, scheduler_config: { total_steps: 200 } };
		expect(resolveConfig(given).scheduler_config).toMatchObject({ total_steps: 200, div_factor: 99 });
		expect(() => resolveConfig({ num_steps: 300, scheduler_config: { total_steps: 200 } })).toThrow(
			"configuration: scheduler_config.total_steps 200, allowed from num_steps 300",
		);
	});

	test.each<[PythonDict, RegExp]>([
		[{ task_config: { num_layer: 2 } }, /unknown key task_config\.num_layer/],
		[{ num_steps: 2 }, /scheduler_config\.total_steps/],
		[{ optimizer_config: { optimizer_type: "Lion" } }, /optimizer_type.*"Adam"/],
		[{ task_config: { num_tasks: 0 } }, /task_config\.num_tasks/],
		[{ task_config: 3 }, /task_config/],
	])("%j is refused", (given, message) => {
		expect(() => resolveConfig(given)).toThrow(TrainError);
		expect(() => resolveConfig(given)).toThrow(message);
	});

	test("other schedules and infinitely many tasks", () => {
		expect(
			resolveConfig({ num_steps: 50, scheduler_config: { scheduler_type: "CosineAnnealingLR" } })
				.scheduler_config,
		).toEqual({ scheduler_type: "CosineAnnealingLR", lr: 0.001, T_max: 50 });
		expect(resolveConfig({ scheduler_config: { scheduler_type: "constant" } }).scheduler_config).toEqual({
			scheduler_type: "constant",
			lr: 0.001,
		});
		expect(runNames({ task_config: { num_tasks: "inf" } }).current).toMatch(/^M-inf-seed-0-task-/);
	});
});

describe("hostile sweep files", () => {
	const outcome = (text: string): "read" | "refused" => {
		try {
			const sweep = parseSweep(text, "lie.yaml");
			if (sweepSize(sweep, { count: 1 }) < 5) for (const _ of getSweepConfigs(sweep, {}, { count: 1 }));
			return "read";
		} catch (error) {
			expect(error).toBeInstanceOf(TrainError);
			expect((error as Error).message).toMatch(/^lie\.yaml[:,][^\n\r]{5,700}$/);
			return "refused";
		}
	};
	const original = readFileSync("assets/sweeps/small-sweep.yaml", "utf8");

	test.each<[string, string]>([
		["50,000 nested lists", `method: grid\nparameters: {num_steps: {value: ${"[".repeat(50_000)}`],
		["12,000 nested mappings", `method: grid\nparameters: ${"{a: ".repeat(12_000)}`],
		[
			"2,000 nested levels of parameters",
			`method: grid\nparameters: ${"{task_config: {parameters: ".repeat(2_000)}`,
		],
		[
			"aliases of aliases",
			`a: &a [1,1]\n${Array.from({ length: 40 }, (_, i) => `b${i}: &b${i} [*${i ? `b${i - 1}` : "a"}, *${i ? `b${i - 1}` : "a"}]`).join("\n")}`,
		],
		["tags", "method: grid\nparameters: {num_steps: {value: !!js/function 'x'}}"],
		["a merge key", "method: grid\n<<: {parameters: {}}\n"],
		["two documents", "method: grid\n---\nmethod: grid\n"],
		["two megabytes", `method: grid # ${"x".repeat(2 ** 21)}`],
		["nothing", ""],
		["a key that is a list", "method: grid\nparameters: {[a]: {value: 1}}\n"],
		["a null parameter", "method: grid\nparameters: {num_steps: }\n"],
		["not a number", "method: grid\nparameters: {num_steps: {value: .nan}}\n"],
		["a date", "method: grid\nparameters: {num_steps: {value: !!timestamp 2001-01-01}}\n"],
	])("%s: refused with one line", (_, text) => {
		const started = process.cpuUsage();
		expect(outcome(text)).toBe("refused");
		expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
	});

	test("mutations are read or refused with one line", () => {
		const outcomes = { read: 0, refused: 0 };
		const piece = fc.oneof(
			fc.constantFrom(
				"{",
				"}",
				"[",
				"]",
				":",
				"- ",
				"\n",
				"  ",
				"*a",
				"&a ",
				"!!int ",
				"? ",
				"|\n",
				"1e9",
				"-1",
				"null",
				'"',
				"'",
				"#",
				",",
				"\t",
				"0x10",
				"value",
				"values",
				"parameters",
			),
			fc.string({ maxLength: 3 }),
		);
		fc.assert(
			fc.property(fc.nat(original.length), fc.nat(9), piece, (at, cut, insert) => {
				outcomes[outcome(original.slice(0, at) + insert + original.slice(at + cut))]++;
			}),
			{ numRuns: 400 },
		);
		expect(outcomes.refused).toBeGreaterThan(50);
		expect(outcomes.read).toBeGreaterThan(5);
	});
});

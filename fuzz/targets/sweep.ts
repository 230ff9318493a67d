import { readdirSync, readFileSync } from "node:fs";
import { stringify } from "yaml";
import { TrainError } from "../../src/train/errors.js";
import { parseSweep } from "../../src/train/parse-sweep.js";
import { pythonJson } from "../../src/train/python-json.js";
import type { Target } from "../target.js";
import { textOf, utf8, variations } from "../variations.js";

/** YAML of a sweep. */
export const sweep: Target = {
	sources: ["parse-sweep", "config-fields"].map((file) => `src/train/${file}.ts`),
	refusals: [TrainError],
	read(input) {
		const read = parseSweep(textOf(input), "input");
		// as the names of runs are made of them
		for (const { choices = [] } of read.parameters) pythonJson(choices);
		return read;
	},
	*seeds() {
		const folder = "assets/sweeps";
		for (const file of readdirSync(folder)) yield new Uint8Array(readFileSync(`${folder}/${file}`));
		for (const method of ["grid", "random"]) {
			for (const one of variations(sweepOf(method))) yield utf8(stringify(one));
		}
		for (const text of TEXTS) yield utf8(text);
	},
};

const sweepOf = (method: string) => ({
	name: "a sweep",
	method,
	run_cap: 4,
	parameters: {
		task_config: { parameters: { num_tasks: { values: [1, 64] }, noise_variance: { value: 0.125 } } },
		num_steps: { value: 500 },
		checkpointer_config: { parameters: { checkpoint_steps: { parameters: { log_space: { value: 20 } } } } },
		...(method === "random" && {
			optimizer_config: {
				parameters: {
					lr: { distribution: "log_uniform_values", min: 0.0001, max: 0.1 },
					weight_decay: { min: 0, max: 1.5, distribution: "uniform" },
					optimizer_type: { values: ["Adam", "SGD"], probabilities: [0.5, 0.5] },
				},
			},
			eval_batch_size: { min: 1, max: 9 },
		}),
	},
});

const TEXTS = [
	"",
	" ".repeat(2 ** 16 + 1),
	"method: grid\nparameters: {num_steps: {min: 1, max: 2}}",
	"method: grid\nparameters: {num_steps: {values: [1], probabilities: [1]}}",
	"method: random\nparameters: {num_steps: {min: 1}}",
	"method: random\nparameters: {num_steps: {min: 5, max: 2}}",
	"method: random\nparameters: {num_steps: {min: 1, max: 2, distribution: normal}}",
	"method: grid\nparameters: {task_config: {parameters: {num_tasks: {value: 1}}, value: 3}}",
	"method: grid\nparameters: {task_config: {parameters: {}}}",
	"method: grid\nparameters: {num_steps: 5}",
	"method: grid\nparameters: {task_config: {value: 20}}",
	"method: grid\nparameters: {task_config: {value: {num_tasks: 2}}}",
	"method: grid\nparameters: {num_steps: {value: {x: [1.5, null]}}}",
	"- a",
	"method: grid\nparameters: {a: *b}",
	"a: &a [*a]",
	"method: grid\nparameters:\n  ? [a]\n  : {value: 1}",
	"method: grid\nmethod: grid",
	"method: grid\nparameters: {}\n\tx: 1",
	`${"[".repeat(2000)}`,
	`a: ${"{a: ".repeat(2000)}`,
	"method: !!binary aGk=\nparameters: {}",
	"method: grid\nparameters: {num_steps: {value: 2001-01-01}}",
	"method: grid\nparameters: {num_steps: {value: 0x10}}",
	"method: grid\nparameters: {num_steps: {value: {a: 1.0, b: [1e3, ~]}}}",
	"method: grid\nparameters: {num_steps: }",
	"method: grid\nparameters: {num_steps: {value: }}",
	'"unknown\\nkey": 1',
	"%YAML 9.9\n---\nmethod: grid",
	"method: grid\n---\nmethod: grid",
];

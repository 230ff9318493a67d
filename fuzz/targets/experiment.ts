import { readdirSync, readFileSync } from "node:fs";
import { ExperimentError } from "../../src/experiments/errors.js";
import { parseExperiment } from "../../src/experiments/parse-experiment.js";
import { INTERVENTIONS } from "../../src/interventions/registry.js";
import { METRICS } from "../../src/metrics/registry.js";
import type { Target } from "../target.js";
import { type Json, jsonVariations, textOf, utf8 } from "../variations.js";

/** YAML or JSON of an experiment. */
export const experiment: Target = {
	sources: [
		...["parse-experiment", "experiment-schema", "yaml-places"].map((file) => `experiments/${file}`),
		...["interventions/registry", "metrics/registry", "shared/data-kinds"],
	].map((file) => `src/${file}.ts`),
	refusals: [ExperimentError],
	read: (input) => parseExperiment(textOf(input), "input"),
	*seeds() {
		const folder = "examples/experiments";
		for (const file of readdirSync(folder))
			if (file.endsWith(".yaml")) yield new Uint8Array(readFileSync(`${folder}/${file}`));
		for (const one of WHOLE) yield* jsonVariations(one);
		const metric = { metrics: ["loss"], model: "demo" };
		for (const { kind } of [...INTERVENTIONS, ...METRICS]) {
			yield utf8(JSON.stringify({ ...metric, interventions: [{ kind }] }));
			yield utf8(JSON.stringify({ ...metric, metrics: [{ kind }] }));
			for (const short of [kind, `${kind}@1`, `${kind}:x@-1`, `${kind}@\n`]) {
				yield utf8(JSON.stringify({ ...metric, metrics: [short] }));
			}
		}
		for (const text of TEXTS) yield utf8(text);
	},
};

const WHOLE: readonly Json[] = [
	{
		title: "one",
		model: "demo",
		prompts: ["a b", "b c"],
		bos: true,
		donors: { other: { prompts: ["c d", "d e"] }, same: "unchanged", kept: { file: "a.safetensors" } },
		dictionaries: { sae: "folder" },
		interventions: [
			{ kind: "patch", point: "blocks.0.hook_resid_pre", from: "other" },
			{ kind: "zero", heads: ["0.1"] },
			{ kind: "sae", dictionary: "sae", point: "blocks.0.hook_resid_pre" },
		],
		metrics: ["loss", { kind: "loss" }],
		bootstrap: { seed: 1, resamples: 10 },
	},
	{
		model: "demo",
		ids: [
			[1, 2],
			[3, 4],
		],
		mask: [
			[1, 1],
			[0, 1],
		],
		period: 1,
		metrics: ["loss@1"],
	},
	{ model: "demo", text: "a.txt", samples: { n: 4, seed: 1, count: 3 }, metrics: ["loss"] },
	{ model: "demo", samples: { task: "repeat", n: 4, range: [0, 9] }, metrics: ["induction-loss"] },
	{ run: "M=64", samples: { count: 4 }, metrics: ["loss"], donors: { a: { ids: [[1]] } } },
	{ run: "M=64", samples: { task: "repeat", range: [0, 9] }, metrics: ["loss"] },
	{ run: "M=64", prompts: "a", metrics: ["loss"] },
];

const TEXTS = [
	"",
	" ".repeat(2 ** 22 + 1),
	"model: demo\nprompts: a\nids: [[1]]\nmetrics: [loss]",
	"model: demo\nmask: [[1]]\nmetrics: [loss]",
	"model: demo\nperiod: 2\nmetrics: [loss]",
	"model: demo\nprompts: a\nsamples: {n: 2}\nmetrics: [loss]",
	"model: demo\nids: [[1]]\nsamples: {n: 2}\nmetrics: [loss]",
	"model: demo\ntext: a\nsamples: {task: repeat}\nmetrics: [loss]",
	"model: demo\nrun: M=1\nmetrics: [loss]",
	"run: M=64\nsamples: {range: [0, 2]}\nmetrics: [loss]",
	"run: M=64\nbos: true\nmetrics: [loss]",
	"run: M=64\ndonors: {a: {prompts: a}}\nmetrics: [loss]",
	"model: demo\ndonors: {a: {bos: true}}\nmetrics: [loss]",
	"model: demo\ndonors: {a: unchanged}\nmetrics: [loss]",
	"model: demo\nmetrics: [loss]\ninterventions: [{kind: patch, heads: ['0.1'], from: nobody}]",
	"model: demo\nmetrics: [loss]\ndonors: {a: unchanged}\ninterventions: [{kind: patch, heads: ['0.1'], from: nobody}]",
	"a: b: c",
	"- loss",
	"metrics:\n  - loss@5:\nmodel: demo",
	'"a\\nb": 1\nmodel: demo\nmetrics: [loss]',
	"model: demo\nmetrics: [&a [*a]]",
	"a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c]",
	"metrics: [*nothing]",
	"? {a: 1}\n: 2",
	"? [model]\n: demo\nmetrics: [loss]",
	`metrics: ${"[".repeat(1500)}${"]".repeat(1500)}`,
	`{"metrics": ["loss"], "model": "demo", "interventions": ${"[".repeat(900)}${"]".repeat(900)}}`,
	"!!js/function x",
	"model: !!binary aGk=\nmetrics: [loss]",
	"<<: {model: demo}\nmetrics: [loss]",
	"model: demo\nmodel: demo\nmetrics: [loss]",
	"model: demo\nmetrics: [loss]\ninterventions: [{kind: zero, heads: ['0.1'], ? [x] : 1}]",
	"1: 2\nmodel: demo\nmetrics: [loss]",
	"~: 2\nmodel: demo\nmetrics: [loss]",
	"samples: {1: 2}\nmodel: demo\nmetrics: [loss]",
	"model: demo\nmetrics: [loss]\nbootstrap: {seeds: 1}",
	"model: demo\nmetrics: [loss]\ninterventions:\n - kind: zero\n   head: ['0.1']",
];

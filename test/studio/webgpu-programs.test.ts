/**
 * What the studio asks of a graphics card: every method's programs, compiled for WebGPU, give on the processor's kernels
 * what those for the processor give there. Whether a card computes them is seen in webgpu.test.ts.
 */
import { createEngine, type Engine, loadModel, Tensor } from "headscope";
import { resolveRun } from "headscope/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SHIPPED_RUNS } from "../../src/studio/service/checkpoint-host.js";
import type { StudioHost } from "../../src/studio/service/host.js";
import { studioService } from "../../src/studio/service/service.js";
import { unpackTensors } from "../../src/studio/service/tensor-message.js";
import { likeWebGpu } from "../like-webgpu.js";

const PROMPT = "red fox moon bread king red fox moon bread";
const CORRUPT = "red fox moon king bread red fox moon bread";
const OTHER = "king moon fox red bread king moon fox red";
const MODELS = ["demo", "demo-llama"];
/** Where a run's heads have their queries, keys and values. */
const LOCATION = "token_sequence_transformer.blocks.0.attention.attention";

/** Programs that were run as WebGPU's. */
let ran = 0;

function hostOn(engine: Engine): StudioHost {
	return {
		...{ models: MODELS, anyModel: false, engine: engine.provider, versions: {} },
		openModel: (ref) => loadModel(ref, { engine }),
		checkpoints: {
			runs: SHIPPED_RUNS,
			openRun: async (label) => ({
				run: await resolveRun(label, { engine }),
				phase: { steps: [], scores: {} },
				metrics: {},
			}),
			steps: async () => ({ steps: [] }),
		},
	};
}

let engine: Engine;
let services: readonly ReturnType<typeof studioService>[];

beforeAll(async () => {
	engine = await createEngine({ threads: 1 });
	services = [engine, likeWebGpu(engine, () => void ran++)].map((one) => studioService(hostOn(one)));
	for (const ref of MODELS) await onBoth("open", { ref });
});
afterAll(async () => {
	for (const service of services ?? []) await service[Symbol.asyncDispose]();
	await engine?.dispose();
});

/** A method's results, on the processor's programs and on WebGPU's. */
async function onBoth(name: string, params: object): Promise<readonly [unknown, unknown]> {
	const results: unknown[] = [];
	for (const service of services) {
		const context = { report: () => {}, signal: new AbortController().signal };
		results.push(unpackTensors((await service[name]?.(params as never, context))?.value));
	}
	return results as [unknown, unknown];
}

/** Expects the same, numbers within what kernels may differ by. */
function expectAlike(got: unknown, wanted: unknown, at: string): void {
	if (typeof wanted === "number" && Number.isFinite(wanted)) {
		const off = Math.abs((got as number) - wanted) / Math.max(1, Math.abs(wanted));
		expect(off, `${at}: ${got}, on the processor ${wanted}`).toBeLessThan(5e-5);
	} else if (wanted instanceof Tensor) {
		expect((got as Tensor).shape, at).toEqual(wanted.shape);
		for (const [i, value] of wanted.data.entries())
			expectAlike(Number((got as Tensor).data[i]), Number(value), `${at}[${i}]`);
	} else if (typeof wanted === "object" && wanted !== null) {
		expect(Object.keys(got as object), at).toEqual(Object.keys(wanted));
		for (const [key, value] of Object.entries(wanted)) {
			// of almost nothing it is rounding, and it follows from the others
			if (key === "relative") continue;
			expectAlike((got as Record<string, unknown>)[key], value, `${at}.${key}`);
		}
	} else expect(got, at).toEqual(wanted);
}

const zero = { kind: "zero", heads: ["0.1"] };
const donors = { other: { prompts: [OTHER] } };
/** One change of every kind but those that need files. */
const CHANGES: readonly object[] = [
	zero,
	{ kind: "scale", heads: ["0.0"], factor: -0.5, positions: [2, 4, -1] },
	{ kind: "mean", heads: ["0.2"], from: "other", over: "batch-and-pos" },
	{ kind: "resample", heads: ["0.3"], from: "other" },
	{ kind: "patch", heads: ["1.0"], from: "other", positions: [3] },
	{ kind: "knock-out", heads: ["1.1"], keys: [0, 3] },
	{ kind: "edit-scores", heads: ["1.1"], pairs: [[8, 2, 30]] },
	{ kind: "replace-pattern", heads: ["1.2"], pattern: "induction" },
	{ kind: "add", layers: [1], vector: Array.from({ length: 64 }, (_, i) => Math.sin(i)) },
	{ kind: "freeze", at: "pattern", heads: ["1.3"], from: "clean" },
];
const prompts = [PROMPT];
const answers = { answers: "king", wrong: "red" };

/** What is asked of a model: a method and its parameters. */
const ASKED: Readonly<Record<string, readonly [method: string, params: object]>> = {
	"a look": ["look", { prompts: [PROMPT, "red fox"], interventions: [] }],
	"a look with changes": ["look", { prompts, interventions: CHANGES.slice(0, 8), donors }],
	"a look at weighted values": ["look", { prompts, interventions: [zero], weighting: "value" }],
	scores: ["score", { scores: ["induction", "previous-token", "copying"], samples: 3 }],
	"scores of a changed model": ["score", { scores: ["entropy"], prompts, interventions: [zero] }],
	"zero ablation": ["sweepHeads", { prompts, kind: "zero", metric: "log-probability" }],
	"resample ablation": [
		"sweepHeads",
		{ prompts: [PROMPT, OTHER], kind: "resample", metric: "logit-difference" },
	],
	"mean ablation of repeats": [
		"sweepHeads",
		{ repeat: { samples: 3, seed: 1 }, kind: "mean", metric: "induction-loss" },
	],
	"frozen patterns": ["sweepHeads", { prompts, kind: "frozen-patterns", metric: "loss" }],
	"ablation on top of changes": [
		"sweepHeads",
		{ prompts, kind: "zero", metric: "loss", interventions: [zero, CHANGES[4]], donors },
	],
	"patching positions": [
		"sweepPatch",
		{ prompts: [PROMPT, CORRUPT], at: "resid_pre", metric: "logit-difference", ...answers },
	],
	"patching heads": [
		"sweepPatch",
		{ prompts: [PROMPT, CORRUPT], at: "z", metric: "log-probability", answers: "king" },
	],
	"patching patterns at a position": [
		"sweepPatch",
		{ prompts: [PROMPT, CORRUPT], at: "pattern", position: 8, metric: "logit-difference", ...answers },
	],
	"a logit lens": [
		"lens",
		{ prompts, interventions: [zero], at: ["resid_pre", "attn_out", "resid_mid", "mlp_out"], top: 5 },
	],
	attribution: ["attribute", { prompts, interventions: [zero], ...answers, neurons: 5 }],
	"a direction": ["direction", { plus: "red", minus: "king moon", layer: 1 }],
};

for (const model of MODELS) {
	test.each(Object.keys(ASKED))(`${model}: %s`, async (name) => {
		const [method, params] = ASKED[name] as readonly [string, object];
		const before = ran;
		const [wanted, got] = await onBoth(method, { model, ...params });
		expect(ran).toBeGreaterThan(before);
		expectAlike(got, wanted, method);
	});

	test(`${model}: every kind of change, and metrics`, async () => {
		const experiment = {
			...{ model, prompts, donors },
			interventions: CHANGES.filter(({ vector }: { vector?: readonly number[] }) => vector === undefined),
			metrics: ["loss", "kl", { kind: "rank", answers: "king" }],
		};
		const [wanted, got] = await onBoth("measure", { text: JSON.stringify(experiment) });
		expect((wanted as { refused: unknown[] }).refused).toEqual([]);
		expectAlike(got, wanted, "measure");
	});
}

test("training", async () => {
	const settings = { seed: 1, lr: 0.002, batch: 8, steps: 10, prompt: PROMPT };
	const started = (await onBoth("trainStart", settings)) as readonly { readonly id: number }[];
	const [wanted, got] = await onBoth("trainSteps", {
		...{ training: started[0]?.id, from: 0, ms: 5000, updates: 4, prompt: PROMPT, look: true },
	});
	expectAlike(got, wanted, "trainSteps");
});

test("regression runs", async () => {
	const probe = { kind: "random", seed: 1, tasks: "true", count: 2 };
	const asked = { run: "M=4", interventions: [{ kind: "zero", heads: ["0.0"] }] };
	for (const [method, params] of [
		["regressionLook", { ...asked, probe }],
		["regressionActivation", { ...asked, probe, location: LOCATION, sample: 0 }],
		["regressionMetrics", asked],
	] as const) {
		const [wanted, got] = await onBoth(method, params);
		expectAlike(got, wanted, method);
	}
});

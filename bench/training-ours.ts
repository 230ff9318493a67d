import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createEngine } from "headscope";
import { discreteTasks, RegressionSequences, regressionConfig, TorchRandom } from "headscope/icl";
import { OPTIMIZERS, regressionObjective, Trainer } from "headscope/train";
import { serve, type Work, type Workload } from "./worker.js";

/**
 * Our side of the training bench. usage: node training-ours.js THREADS
 * Params: { batch, layers, steps, runs }: a run is `steps` updates of each of `runs` models.
 */
const EXAMPLES = 8;
/** Batches are drawn ahead and used in turn: both sides time the step alone. */
const BATCHES = 8;
const LEARNING_RATE = 1e-3;
/** Losses by which the sides are compared. */
const COMPARED = 3;

interface Params {
	batch: number;
	layers: number;
	steps: number;
	runs: number;
}

/** One model in training: `steps` updates at each call. It resolves to the losses of its first updates. */
async function trainee({ batch, layers, steps }: Params, threads: number): Promise<() => Promise<number[]>> {
	const config = regressionConfig({
		task_size: 4,
		max_examples: EXAMPLES,
		embed_size: 64,
		mlp_size: 64,
		num_heads: 4,
		num_layers: layers,
	});
	const trainer = await Trainer.create({
		objective: regressionObjective,
		config,
		batch,
		length: EXAMPLES,
		optimizer: OPTIMIZERS.find(({ name }) => name === "Adam") as (typeof OPTIMIZERS)[number],
		settings: { betas: [0.9, 0.999], weight_decay: 0 },
		weights: regressionObjective.initialWeights(config, 0),
		engine: await createEngine({ threads, spin: true, thread: "same" }),
	});
	const sequences = new RegressionSequences(discreteTasks(64, 4, 1), 0.125);
	const batches = Array.from({ length: BATCHES }, (_, i) =>
		sequences.getBatch(EXAMPLES, batch, new TorchRandom(3 + i)),
	);
	let step = 0;
	const losses: number[] = [];
	return async () => {
		for (const end = step + steps; step < end; step++) {
			const drawn = batches[step % BATCHES] as (typeof batches)[number];
			const loss = await trainer.step({ ...drawn }, step, LEARNING_RATE);
			if (step < COMPARED) losses.push(loss);
		}
		return losses;
	};
}

/** Two models at once, each in a process of its own with one thread, as the runs of a sweep are. */
async function sideBySide(params: Params): Promise<() => Promise<number[]>> {
	const children = Array.from({ length: params.runs }, () =>
		fork(process.argv[1] as string, ["child", JSON.stringify(params)]),
	);
	await Promise.all(children.map((child) => once(child, "message")));
	return async () => {
		const answers = children.map((child) => once(child, "message"));
		for (const child of children) child.send("run");
		const [[losses]] = (await Promise.all(answers)) as [[number[]], ...unknown[]];
		return losses;
	};
}

async function load(): Promise<Work> {
	const threads = Number(process.argv[2]);
	const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
	return {
		versions: { headscope: version },
		make: async (params): Promise<Workload> => {
			const asked = params as unknown as Params;
			const run = asked.runs > 1 ? await sideBySide(asked) : await trainee(asked, threads);
			return { run, sample: (losses) => losses as number[] };
		},
	};
}

/** A process of `sideBySide`: says that it is ready, then runs when told to. */
async function serveParent(params: Params): Promise<void> {
	const run = await trainee(params, 1);
	process.on("message", () => void run().then((losses) => process.send?.(losses)));
	process.on("disconnect", () => process.exit(0));
	process.send?.("ready");
}

if (process.argv[2] === "child") await serveParent(JSON.parse(process.argv[3] as string) as Params);
else await serve(load);

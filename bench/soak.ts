import type { LoadModelOptions, Model, Tensor } from "headscope";

/** The soak, as whoever runs it wants it. */
export interface SoakOptions {
	readonly runs: number;
	/** Decides everything that is drawn. Default 1. */
	readonly seed?: number;
	/** Where engines run: one of these is drawn for each model. */
	readonly threads: readonly ("worker" | "same")[];
	/** Memory is looked at after each such number of runs. Default 100. */
	readonly every?: number;
	/** Hears of every look. */
	readonly onSample?: (sample: Sample) => void;
}

/** Memory of the process after a collection. */
export interface Sample {
	readonly runs: number;
	/** Resident set, in bytes. */
	readonly rss: number;
	/** Objects of JavaScript, in bytes. */
	readonly heap: number;
}

/** What a soak found. */
export interface Soaked {
	readonly samples: readonly Sample[];
	/** How often each kind of run was drawn, and how many models were loaded. */
	readonly counts: Readonly<Record<string, number>>;
	/** Whether the same runs at the start and at the end gave the same bits. */
	readonly equal: boolean;
}

type Load = (name: string, options: LoadModelOptions) => Promise<Model>;
type Draw = (below: number) => number;

interface Turn {
	readonly model: Model;
	readonly ids: readonly (readonly number[])[];
	readonly draw: Draw;
}

const MODELS = ["demo", "demo-llama"];
const POINTS = [
	"blocks.0.hook_resid_post",
	"blocks.1.attn.hook_pattern",
	"blocks.1.hook_mlp_out",
	"ln_final.hook_normalized",
];
/** What a hook throws that throws. */
class Thrown extends Error {}

/** Kinds of runs, with how often each is drawn. */
const KINDS: Readonly<Record<string, { readonly share: number; run(turn: Turn): Promise<unknown> }>> = {
	plain: { share: 30, run: ({ model, ids }) => model.run(ids) },
	text: {
		share: 5,
		run: ({ model, draw }) =>
			model.run(
				Array.from({ length: 1 + draw(9) }, () => "red fox moon bread king".split(" ")[draw(5)]).join(" "),
			),
	},
	cache: {
		share: 20,
		run: ({ model, ids, draw }) =>
			model.runWithCache(ids, { names: draw(2) === 0 ? /pattern$/ : [point(draw)] }),
	},
	intervention: {
		share: 15,
		run: ({ model, ids, draw }) =>
			model.run(ids, {
				interventions: [
					{ kind: "scale", heads: [`${draw(2)}.${draw(2)}`], factor: draw(10) / 4 },
					{ kind: "zero", heads: [`0.${draw(2)}`] },
				],
			}),
	},
	// a constant of its own is a program of its own: a session is compiled, and dropped when 64 others were
	"new program": {
		share: 10,
		run: ({ model, ids, draw }) =>
			model.runWithHooks(ids, { [point(draw)]: (value, g) => g.mul(value, 1 + draw(1e6) / 1e6) }),
	},
	"throwing hook": {
		share: 6,
		run: ({ model, ids, draw }) =>
			thrownBy(
				model.runWithHooks(ids, {
					[point(draw)]: () => {
						throw new Thrown();
					},
				}),
			),
	},
	"host hook": {
		share: 4,
		run: ({ model, ids, draw }) => model.run(ids, { hostHooks: [[point(draw), (value) => value]] }),
	},
	"throwing host hook": {
		share: 5,
		run: ({ model, ids, draw }) =>
			thrownBy(
				model.run(ids, {
					hostHooks: [
						[
							point(draw),
							async () => {
								throw new Thrown();
							},
						],
					],
				}),
			),
	},
	aborted: {
		share: 3,
		async run({ model, ids, draw }) {
			const controller = new AbortController();
			const timer = setTimeout(() => controller.abort(new Thrown()), draw(4));
			// it may be quicker
			await thrownBy(model.run(ids, { signal: controller.signal }), true);
			clearTimeout(timer);
		},
	},
	watched: {
		share: 2,
		async run({ model, ids, draw }) {
			const stop = model.watch(point(draw), () => {});
			await model.run(ids);
			stop();
		},
	},
};

/**
 * Runs two small models over changing prompts in every way that keeps or drops something: new programs, hooks that
 * throw, runs that are given up, models that are loaded and disposed of.
 * @param load of the package that is looked at
 * @param collect frees what nothing refers to
 */
export async function soak(load: Load, collect: () => void, options: SoakOptions): Promise<Soaked> {
	const { runs, seed = 1, threads, every = 100, onSample } = options;
	const draw = drawing(seed);
	const open = (): Promise<Model> =>
		load(pick(MODELS, draw), {
			engineOptions: { threads: 1 + draw(2), thread: pick(threads, draw) },
			...(draw(4) === 0 && { weights: "mapped" as const }),
		});
	const counts: Record<string, number> = { models: 0 };
	const samples: Sample[] = [];
	const before = await fixedRuns(load, threads);
	let model = await open();
	for (let i = 1; i <= runs; i++) {
		if (draw(40) === 0) {
			await model.dispose();
			model = await open();
			counts.models = (counts.models ?? 0) + 1;
		}
		const [name, kind] = drawKind(draw);
		counts[name] = (counts[name] ?? 0) + 1;
		const length = 2 + draw(24);
		const ids = Array.from({ length: 1 + draw(3) }, () => Array.from({ length }, () => 3 + draw(30)));
		await kind.run({ model, ids, draw });
		if (i % every === 0) {
			const sample = { runs: i, ...(await memory(collect)) };
			samples.push(sample);
			onSample?.(sample);
		}
	}
	await model.dispose();
	return { samples, counts, equal: isDeepEqual(before, await fixedRuns(load, threads)) };
}

/** Bytes per 1,000 runs: the slope of the line of least squares through the samples after the first `skip` runs. */
export function slopeOf(samples: readonly Sample[], of: "rss" | "heap", skip: number): number {
	const kept = samples.filter(({ runs }) => runs > skip);
	const mean = (f: (sample: Sample) => number): number =>
		kept.reduce((sum, s) => sum + f(s), 0) / kept.length;
	const [x, y] = [mean((s) => s.runs), mean((s) => s[of])];
	return (1000 * mean((s) => (s.runs - x) * (s[of] - y))) / mean((s) => (s.runs - x) ** 2);
}

/** Logits and patterns of both models in each kind of engine, on ids that never change. */
async function fixedRuns(load: Load, threads: SoakOptions["threads"]): Promise<Tensor[]> {
	const results: Tensor[] = [];
	for (const name of MODELS) {
		for (const thread of threads) {
			await using model = await load(name, { engineOptions: { threads: 2, thread } });
			const ids = [3, 9, 4, 17, 8, 3, 9, 4, 17, 8];
			const { logits, cache } = await model.runWithCache(ids, { names: /hook_pattern$/ });
			results.push(logits as Tensor, cache.get("pattern", 0), cache.get("pattern", 1));
		}
	}
	return results;
}

function isDeepEqual(a: readonly Tensor[], b: readonly Tensor[]): boolean {
	return (
		a.length === b.length &&
		a.every(({ shape, data }, i) => {
			const other = b[i] as Tensor;
			return shape.join() === other.shape.join() && data.every((value, j) => Object.is(value, other.data[j]));
		})
	);
}

async function memory(collect: () => void): Promise<Pick<Sample, "rss" | "heap">> {
	// finalizers run between two collections, and free more
	for (let i = 0; i < 3; i++) {
		collect();
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	const { rss, heapUsed } = process.memoryUsage();
	return { rss, heap: heapUsed };
}

/** Waits for a run that must end with what a hook threw. */
async function thrownBy(run: Promise<unknown>, orNot = false): Promise<void> {
	try {
		await run;
	} catch (error) {
		if (error instanceof Thrown) return;
		throw error;
	}
	if (!orNot) throw new Error("a hook threw, and the run went on");
}

function drawKind(draw: Draw): [string, (typeof KINDS)[string]] {
	const kinds = Object.entries(KINDS);
	let left = draw(kinds.reduce((sum, [, { share }]) => sum + share, 0));
	for (const kind of kinds) {
		left -= kind[1].share;
		if (left < 0) return kind;
	}
	throw new Error("internal: shares do not add up");
}

const point = (draw: Draw): string => pick(POINTS, draw);

function pick<T>(list: readonly T[], draw: Draw): T {
	return list[draw(list.length)] as T;
}

/** Whole numbers from 0 by a linear congruence (Knuth's MMIX constants are 64 bits; these are Numerical Recipes'). */
function drawing(seed: number): Draw {
	let state = seed >>> 0;
	return (below) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

/** What a run with hooks, patches and a range of layers must satisfy, on two small models with random weights. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grad } from "../../src/graph/grad.js";
import * as ops from "../../src/graph/ops/index.js";
import type { G, HookFn } from "../../src/graph/trace.js";
import type { Value } from "../../src/graph/value.js";
import { loadModel, type Model, Tensor } from "../../src/index.js";
import { withPauses } from "../../src/models/pauses.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference } from "../../src/tensor/index.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const ids = [
	[5, 9, 23, 5, 9, 40, 7, 7],
	[3, 3, 11, 60, 31, 5, 2, 90],
];

function far(a: Tensor, b: Tensor): number {
	return difference(a, b).maxAbs;
}

describe.each(["rand-gpt2", "rand-llama-tied-gqa-theta5e5", "rand-phi", "rand-opt"])("%s", (folder) => {
	let model: Model;
	let clean: Tensor;

	beforeAll(async () => {
		model = await loadModel(referencePath("lm", "models", folder), { engine });
		clean = await model.run(ids);
	});

	test("keeping activations changes no bit of the logits", async () => {
		const { logits } = await model.runWithCache(ids);
		expect(far(logits as Tensor, clean)).toBe(0);
	});

	test("asking for less keeps the bits of what is asked", async () => {
		const { cache: all } = await model.runWithCache(ids);
		const { logits, cache } = await model.runWithCache(ids, {
			names: "blocks.1.attn.hook_pattern",
			logits: false,
		});
		expect(logits).toBeUndefined();
		expect(cache.names).toEqual(["blocks.1.attn.hook_pattern"]);
		expect(far(cache.get("pattern", 1), all.get("pattern", 1))).toBe(0);
	});

	test("a run in two halves is the run", async () => {
		const resid = await model.run(ids, { stopAtLayer: 1 });
		const { cache } = await model.runWithCache(ids);
		expect(far(resid, cache.get("resid_pre", 1))).toBe(0);
		expect(far(await model.run(resid, { startAtLayer: 1 }), clean)).toBe(0);
		const last = await model.run(ids, { stopAtLayer: model.config.nLayers });
		expect(far(await model.run(last, { startAtLayer: model.config.nLayers }), clean)).toBe(0);
	});

	test("positions are cut from every activation along its own axis", async () => {
		const { cache: all } = await model.runWithCache(ids);
		const { cache } = await model.runWithCache(ids, { positions: [2, 5] });
		for (const [name, tensor] of cache) {
			const full = all.get(name);
			const axis = full.axes?.findIndex((a) => a === "pos" || a === "query") as number;
			expect(far(tensor, full.slice(axis, 2, 5)), name).toBe(0);
		}
		const { cache: last } = await model.runWithCache(ids, {
			names: /hook_pattern|hook_rot_q|hook_q$/,
			positions: -1,
		});
		for (const [name, tensor] of last) {
			const axis = tensor.axes?.findIndex((a) => a === "pos" || a === "query") as number;
			expect(tensor.shape[axis], name).toBe(1);
		}
	});

	const keep: HookFn = (v, g) => g.mul(v, 1);

	test("every point can be replaced by itself", async () => {
		for (const { name } of model.hookPoints()) {
			if (name.includes(".2.")) continue; // two of the three layers suffice
			const logits = await model.run(ids, { hooks: { [name]: keep } });
			expect(far(logits, clean), name).toBeLessThanOrEqual(2e-5);
		}
	});

	test("a replaced point changes what comes after it, and only that", async () => {
		for (const name of ["hook_q", "hook_pattern", "hook_z", "hook_result", "hook_q_input", "hook_v_input"]) {
			const point = `blocks.1.attn.${name}`.replace(/attn\.(hook_._input)/, "$1");
			const changed = await model.runWithCache(ids, {
				hooks: { [point]: (v, g) => g.mul(v, g.sin(v)) },
				names: ["blocks.0.hook_resid_post", "blocks.1.hook_resid_post"],
			});
			const { cache } = await model.runWithCache(ids);
			expect(far(changed.cache.get("resid_post", 0), cache.get("resid_post", 0)), name).toBe(0);
			expect(far(changed.cache.get("resid_post", 1), cache.get("resid_post", 1)), name).toBeGreaterThan(1e-3);
		}
	});

	test("a hook may compute from other points of the same run", async () => {
		const swap: HookFn = (_, __, { get }) => get("blocks.0.attn.hook_pattern");
		const { cache } = await model.runWithCache(ids, { hooks: { "blocks.2.attn.hook_pattern": swap } });
		expect(far(cache.get("pattern", 2), cache.get("pattern", 0))).toBe(0);
		const early: HookFn = (_, __, { get }) => get("blocks.2.attn.hook_pattern");
		await expect(model.run(ids, { hooks: { "blocks.0.attn.hook_pattern": early } })).rejects.toThrow(
			/"blocks.2.attn.hook_pattern" has not been computed/,
		);
	});

	test("a host hook does what the same graph hook does, and sees named axes", async () => {
		const factor = (h: number): number => (h === 1 ? 0 : 1);
		const mask = Tensor.from([[factor(0)], [factor(1)], [factor(2)], [factor(3)]]);
		const inGraph = await model.run(ids, {
			hooks: { "blocks.*.attn.hook_z": (v, g) => g.mul(v, g.constant(mask)) },
		});
		const seen: string[] = [];
		const onHost = await model.run(ids, {
			hostHooks: [
				[
					"blocks.*.attn.hook_z",
					(z, name) => {
						seen.push(`${name} ${z}`);
						const [, , heads, width] = z.shape as [number, number, number, number];
						const data = (z.data as Float32Array).map((x, i) => x * factor(Math.floor(i / width) % heads));
						return new Tensor("float32", z.shape, data);
					},
				],
			],
		});
		expect(far(onHost, inGraph)).toBe(0);
		expect(seen).toHaveLength(model.config.nLayers);
		expect(seen[0]).toMatch(/^blocks\.0\.attn\.hook_z float32\[batch=2, pos=8, head=4, d_head=\d+\]$/);
	});

	test("a host hook that only looks changes no bit, and may be mixed with a cache", async () => {
		const { logits, cache } = await model.runWithCache(ids, {
			hostHooks: [[/hook_pattern$/, () => undefined]],
		});
		expect(far(logits as Tensor, clean)).toBe(0);
		const { cache: plain } = await model.runWithCache(ids);
		expect(cache.names).toEqual(plain.names);
		for (const [name, tensor] of cache) expect(far(tensor, plain.get(name)), name).toBe(0);
	});

	test("a run that is cut so that it can be cancelled has the same bits", async () => {
		const { signal } = new AbortController();
		const options = withPauses({ signal }, model.config, 16, 3, 1);
		expect(options.hostHooks?.map(([name]) => name)).toEqual([
			"blocks.1.hook_resid_pre",
			"blocks.2.hook_resid_pre",
		]);
		expect(far(await model.run(ids, options), clean)).toBe(0);
		expect(withPauses({ signal, startAtLayer: 1 }, model.config, 16, 3, 1).hostHooks).toHaveLength(1);
		expect(withPauses({ signal }, model.config, 16, 3).hostHooks).toBeUndefined();
		expect(withPauses({}, model.config, 1e9, 3).hostHooks).toBeUndefined();
	});

	test("a run may end before a host hook's cut", async () => {
		const seen: string[] = [];
		const { cache } = await model.runWithCache(ids, {
			names: "hook_embed",
			logits: false,
			hostHooks: [["blocks.1.hook_resid_pre", (_, name) => void seen.push(name) as undefined]],
		});
		expect(cache.names).toEqual(["hook_embed"]);
		expect(seen).toEqual(["blocks.1.hook_resid_pre"]);
	});

	test("a hook on the scores gives a padded row the numbers of the row alone", async () => {
		const hooks: Record<string, HookFn> = {
			"blocks.0.attn.hook_attn_scores": (v, g) => g.mul(g.maximum(v, -1e4), 0),
		};
		const alone = await model.run([[5, 9, 23, 5]], { hooks });
		const ragged = await model.run([[5, 9, 23, 5], ids[1] as number[]], { hooks });
		const rows = ragged.select(0).slice(0, 0, 4);
		// the hook lets every query see every key, padding included, so only a row without padding can be compared
		expect(far(ragged.select(1), (await model.run([ids[1] as number[]], { hooks })).select(0))).toBeLessThan(
			2e-5,
		);
		expect([...rows.data].every((x) => Number.isFinite(Number(x)))).toBe(true);
		expect(alone.shape[1]).toBe(4);
	});

	test("a residual stream of ragged rows goes on with the mask they were packed with", async () => {
		const ragged = [[5, 9, 23], ids[1] as number[]];
		const { mask } = model.pack(ragged);
		const resid = await model.run(ragged, { stopAtLayer: 1 });
		const resumed = await model.run(resid, { startAtLayer: 1, mask });
		expect(far(resumed, await model.run(ragged))).toBe(0);
	});

	test("ranges, positions and selections that cannot be are refused by name", async () => {
		const refused = (options: object): Promise<unknown> =>
			model.runWithCache(ids, options).catch((e: Error) => e.message);
		const behind = model.run(ids, { startAtLayer: 2, stopAtLayer: 1 });
		await expect(behind).rejects.toThrow("startAtLayer: got 2, which is behind stopAtLayer 1");
		for (const positions of [8, 1.5, [], [3, 2], -9]) {
			expect(await refused({ positions })).toMatch(
				/^positions: got .*, allowed an index or \[start, end\) within -8\.\.8$/,
			);
		}
		expect(await refused({ names: [] })).toMatch(/^names: the list is empty/);
		expect(await refused({ names: ["hook_embed", "blocks.1.hook_resid_pre"], stopAtLayer: 1 })).toMatch(
			/^blocks.1.hook_resid_pre: not reached by a run of layers 0 to 0/,
		);
		expect(await refused({ hooks: { "blocks.0.hook_mlp_out": () => undefined } })).toMatch(
			/expected .*, got nothing; return the value/,
		);
	});

	test("an aborted run rejects with the signal's reason, and the next one works", async () => {
		const reason = new Error("enough");
		await expect(model.run(ids, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
		expect(far(await model.run(ids), clean)).toBe(0);
	});

	test("a hook that throws leaves nothing behind", async () => {
		const boom = (): never => {
			throw new Error("boom");
		};
		await expect(model.run(ids, { hooks: { "blocks.0.attn.hook_z": boom } })).rejects.toThrow("boom");
		await expect(model.run(ids, { hostHooks: [["blocks.0.attn.hook_z", boom]] })).rejects.toThrow("boom");
		expect(far(await model.run(ids), clean)).toBe(0);
	});

	test("hooks of the wrong shape are refused with both shapes", async () => {
		const cut: HookFn = (v, g) => g.slice(v, 1, 0, 1);
		await expect(model.run(ids, { hooks: { "blocks.0.hook_mlp_out": cut } })).rejects.toThrow(
			/hook at "blocks.0.hook_mlp_out": expected float32\[batch, pos, 32\], got float32\[batch, 1, 32\]/,
		);
	});

	test("a module can be patched by its path, from its original", async () => {
		const zeroMlp = await model.run(ids, { hooks: { "blocks.1.hook_mlp_out": (v, g) => g.mul(v, 0) } });
		const silenced = await model.run(ids, {
			patches: { "blocks.1.mlp": (original) => (x) => ops.mul(original(x), 0) },
		});
		expect(far(silenced, zeroMlp)).toBe(0);
		await expect(model.run(ids, { patches: { "blocks.9.mlp": (f) => f } })).rejects.toThrow(
			'no module "blocks.9.mlp"',
		);
	});

	test("readouts reduce inside the graph", async () => {
		const { cache } = await model.runWithCache(ids);
		const read = await model.read(ids, {
			names: /hook_pattern$/,
			outputs: (get, g) => ({
				first: g.mean(g.slice(get("blocks.1.attn.hook_pattern"), -1, 0, 1), [2, 3], { keepDims: false }),
			}),
		});
		const pattern = cache.get("pattern", 1);
		const expected =
			(pattern.slice(3, 0, 1).select(0).select(2).data as Float32Array).reduce((a, b) => a + b, 0) / 8;
		expect((read.get("first") as Tensor).at(0, 2)).toBeCloseTo(expected, 5);
	});

	test("the gradient of a loss through the model is its slope", async () => {
		const point = "blocks.1.attn.hook_z";
		const loss = (get: (name: string) => Value, g: G): Value =>
			g.mean(g.mul(g.sin(get("logits")), get("logits")), [0, 1, 2], { keepDims: false });
		const read = await model.read(ids, {
			names: point,
			concrete: true,
			outputs: (get, g) => ({ loss: loss(get, g), slope: grad(loss(get, g), [get(point)])[0] as Value }),
		});
		const slope = read.get("slope") as Tensor;
		const at = slope.data.findIndex(
			(x) => Math.abs(Number(x)) > 0.5 * Math.max(...[...slope.data].map((v) => Math.abs(Number(v)))),
		);
		const bump = (by: number): Promise<Map<string, Tensor>> => {
			const data = new Float32Array(slope.size);
			data[at] = by;
			return model.read(
				ids,
				{ names: point, concrete: true, outputs: (get, g) => ({ loss: loss(get, g) }) },
				{ hooks: { [point]: (v, g) => g.add(v, g.constant(new Tensor("float32", slope.shape, data))) } },
			);
		};
		const h = 2e-2;
		const [up, down] = [(await bump(h)).get("loss") as Tensor, (await bump(-h)).get("loss") as Tensor];
		const measured = (up.item() - down.item()) / (2 * h);
		expect(measured / Number(slope.data[at])).toBeCloseTo(1, 1);
	});
});

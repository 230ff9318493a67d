/** Models that differ in their weights only share their compiled requests; all others have their own. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { Readout } from "../../src/index.js";
import type { Family } from "../../src/models/family.js";
import { Model } from "../../src/models/model.js";
import { FAMILIES } from "../../src/models/registry.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { makeModel, type RandomModel, randomModelsOf } from "../random-models.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

/** Programs that the engine was given, in order. */
const programs: unknown[] = [];
const run = engine.run.bind(engine);
engine.run = (request, options) => {
	programs.push(request.program);
	return run(request, options);
};

const IDS = [[1, 2, 3, 1, 2]];
const NAMES = "blocks.0.attn.hook_pattern";
const readout: Readout = {
	names: NAMES,
	outputs: (get, g) => ({ sum: g.sum(get(NAMES), [3]) }),
};

/** The programs of a plain run, an ablated one, and a readout. */
async function programsOf(model: Model): Promise<unknown[]> {
	const before = programs.length;
	await model.run(IDS);
	await model.run(IDS, { interventions: [{ kind: "zero", heads: ["0.0"] }] });
	await model.read(IDS, readout);
	return programs.slice(before);
}

function isTold(value: unknown): boolean {
	if (value === undefined || value === null || ["string", "boolean"].includes(typeof value)) return true;
	if (typeof value === "number") return Number.isFinite(value);
	const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
	return isPlain && Object.values(value as object).every(isTold);
}

const shapes = FAMILIES.map((family): RandomModel => {
	const [shape] = fc.sample(randomModelsOf([family.name]), { numRuns: 1, seed: 3 });
	return shape as RandomModel;
});

test.each(shapes)("$family: other weights, the same programs", async (shape) => {
	await using model = await makeModel(shape, engine);
	await using other = await makeModel({ ...shape, seed: shape.seed + 1 }, engine);
	const [first, second] = [await programsOf(model), await programsOf(other)];
	expect(first.length).toBe(3);
	expect(new Set(first).size).toBe(3);
	for (const [i, program] of second.entries()) expect(program).toBe(first[i]);
	// and each computes with its own weights
	expect((await model.run(IDS)).data).not.toEqual((await other.run(IDS)).data);
	// programs are shared by a configuration's JSON, which must tell all that it says
	expect(isTold(model.config)).toBe(true);
});

test("a family that computes something else under the same name has its own", async () => {
	const [shape] = shapes as [RandomModel];
	await using model = await makeModel(shape, engine);
	const { family, config, weights } = model as unknown as { [key in "family" | "config" | "weights"]: never };
	const other = new Model("other", { ...(family as Family) }, config, undefined, engine, weights, false);
	const own = await programsOf(model);
	for (const program of await programsOf(other)) expect(own).not.toContain(program);
});

test("no two families or sizes share a program", async () => {
	const seen = new Set<unknown>();
	for (const shape of shapes) {
		await using model = await makeModel(shape, engine);
		const own = await programsOf(model);
		for (const program of own) expect(seen.has(program)).toBe(false);
		for (const program of own) seen.add(program);
	}
});

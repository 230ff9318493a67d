/** A model that nobody disposed of gives its weights back when nothing refers to it any more. */
import { afterAll, expect, test, vi } from "vitest";
import { loadModel } from "../../src/index.js";
import type { Engine, WeightsId } from "../../src/runtime/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { Tensor } from "../../src/tensor/index.js";
import { collectGarbage } from "../collect-garbage.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

/** The engine, which notes what it is given to hold. */
function noting(held: WeightsId[]): Engine {
	const note = async (id: Promise<WeightsId>): Promise<WeightsId> => {
		held.push(await id);
		return id;
	};
	return Object.create(engine, {
		loadWeights: { value: (...args: Parameters<Engine["loadWeights"]>) => note(engine.loadWeights(...args)) },
		putWeights: { value: (...args: Parameters<Engine["putWeights"]>) => note(engine.putWeights(...args)) },
	});
}

/** Loads the demo model and another one with its weights, uses both, and leaves them. */
async function useAndForget(held: WeightsId[]): Promise<void> {
	const model = await loadModel("demo", { engine: noting(held) });
	const names = model.family.weights(model.config).map(({ name }) => name);
	const weights = await Promise.all(names.map(async (name) => [name, await model.weight(name)] as const));
	const other = await model.withWeights(model.config, new Map(weights));
	expect((await other.run("red fox")).data).toEqual((await model.run("red fox")).data);
}

test("the weights of forgotten models are freed, and those of others stay", async () => {
	await using kept = await loadModel("demo", { engine });
	const before = await kept.run("red fox");
	const held: WeightsId[] = [];
	await useAndForget(held);
	expect(held).toHaveLength(2);
	await vi.waitFor(
		async () => {
			collectGarbage();
			for (const id of held)
				await expect(engine.readWeight(id, "wte.weight")).rejects.toThrow(`no weights "${id}"`);
		},
		{ timeout: 30_000, interval: 20 },
	);
	expect((await kept.run("red fox")).data).toEqual(before.data);
	expect(await kept.weight("wte.weight")).toBeInstanceOf(Tensor);
});

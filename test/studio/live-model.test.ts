/** A training and the models that are opened of it share an engine, and nothing else. */
import { createEngine, loadModel } from "headscope";
import { expect, test } from "vitest";
import { studioService } from "../../src/studio/service/service.js";

const PROMPT = "red fox moon bread king red fox moon bread";

test("a model of a training stays what it was while the training goes on", async () => {
	// in this thread, as in a page's worker
	await using engine = await createEngine({ threads: 1, thread: "same" });
	await using service = studioService({
		...{ models: ["demo", "demo-llama"], anyModel: false, engine: "", versions: {} },
		openModel: (ref) => loadModel(ref, { engine }),
	});
	const call = async <T>(name: string, params: object): Promise<T> => {
		const context = { report: () => {}, signal: new AbortController().signal };
		return (await service[name]?.(params as never, context))?.value as T;
	};
	const settings = { seed: 1, lr: 0.01, batch: 8, steps: 20, prompt: PROMPT };
	const { id } = await call<{ id: number }>("trainStart", settings);
	const train = (): Promise<unknown> =>
		call("trainSteps", { training: id, from: 0, ms: 5000, updates: 2, prompt: PROMPT, look: true });
	const read = (model: string): Promise<unknown> =>
		call("direction", { model, plus: "red fox", minus: "king", layer: 1 });

	for (let i = 0; i < 3; i++) await train();
	const refs = ["trained-here@0", "trained-here@2", "trained-here@4", "trained-here@6", "demo", "demo-llama"];
	for (const ref of refs) await call("open", { ref });
	const before = await Promise.all(refs.map(read));
	expect(new Set(before.map((values) => JSON.stringify(values))).size).toBe(refs.length);
	for (let i = 0; i < 3; i++) await train();
	expect(await Promise.all(refs.map(read))).toEqual(before);
});

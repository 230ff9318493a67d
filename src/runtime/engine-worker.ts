/** The engine's thread: serves a LocalEngine to the thread that started it. */
import { parentPort } from "#ort";
import type { Tensor } from "../tensor/index.js";
import type { WeightsSpec } from "../weights/index.js";
import type { EngineOptions, RunRequest, WeightsMode } from "./engine.js";
import { LocalEngine } from "./local-engine.js";
import { serve } from "./rpc.js";
import { ProgramTable, pack, type SentProgram, type TensorMessage, unpack } from "./worker-engine.js";

let engine: LocalEngine;
let programs: ProgramTable;

interface RunMessage {
	sent: SentProgram;
	weights: string | undefined;
	feeds: [string, TensorMessage][];
	update: RunRequest["update"];
	urgent: boolean | undefined;
}

serve(await parentPort(), {
	create: async (options: EngineOptions) => {
		programs = new ProgramTable(options.programBytes);
		engine = await LocalEngine.create(options);
		return { value: engine.provider };
	},
	loadWeights: async ({ spec, mode }: { spec: WeightsSpec; mode?: WeightsMode }, { report, signal }) => ({
		value: await engine.loadWeights(spec, { onProgress: report, signal, ...(mode && { mode }) }),
	}),
	putWeights: async (tensors: [string, TensorMessage][]) => ({
		value: await engine.putWeights(
			new Map(tensors.map(([name, t]) => [name, unpack(t) as Tensor<"float32">])),
		),
	}),
	readWeight: async ({ weights, name }: { weights: string; name: string }) => {
		const tensor = await engine.readWeight(weights, name);
		return { value: pack(tensor), transfer: [tensor.data.buffer] };
	},
	dispose: async () => ({ value: await engine.dispose() }),
	freeWeights: async (weights: string) => ({ value: await engine.freeWeights(weights) }),
	run: async ({ sent, weights, feeds, update, urgent }: RunMessage, { signal }) => {
		const fed = Object.fromEntries(feeds.map(([name, tensor]) => [name, unpack(tensor)]));
		const program = programs.resolve(sent);
		const results = await engine.run({ program, weights, feeds: fed, update }, { signal, urgent });
		const value = [...results].map(([name, tensor]) => [name, pack(tensor)] as const);
		return { value, transfer: value.map(([, { data }]) => data.buffer) };
	},
});

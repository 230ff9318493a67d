/** The engine's thread: serves a LocalEngine to the thread that started it. */
import { parentPort } from "#ort";
import type { Program } from "../onnx/compile.js";
import type { Tensor } from "../tensor/index.js";
import type { WeightsSpec } from "../weights/index.js";
import type { EngineOptions } from "./engine.js";
import { LocalEngine } from "./local-engine.js";
import { serve } from "./rpc.js";
import { pack, type TensorMessage, unpack } from "./worker-engine.js";

let engine: LocalEngine;
const programs = new Map<string, Program>();

interface RunMessage {
	program: Program | string;
	weights: string | undefined;
	feeds: [string, TensorMessage][];
}

function programOf(sent: Program | string): Program {
	if (typeof sent !== "string") {
		programs.set(sent.key, sent);
		return sent;
	}
	const known = programs.get(sent);
	if (!known) throw new Error("internal: a program was named before it was sent");
	return known;
}

serve(await parentPort(), {
	create: async (options: EngineOptions) => {
		engine = await LocalEngine.create(options);
		return { value: engine.provider };
	},
	loadWeights: async (spec: WeightsSpec, report) => ({
		value: await engine.loadWeights(spec, { onProgress: report }),
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
	freeWeights: async (weights: string) => ({ value: await engine.freeWeights(weights) }),
	run: async ({ program, weights, feeds }: RunMessage) => {
		const fed = Object.fromEntries(feeds.map(([name, tensor]) => [name, unpack(tensor)]));
		const results = await engine.run({ program: programOf(program), weights, feeds: fed });
		return { value: [...results].map(([name, tensor]) => [name, pack(tensor)]) };
	},
});

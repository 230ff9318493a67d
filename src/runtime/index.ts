import { canSpawn } from "#ort";
import type { Engine, EngineOptions } from "./engine.js";
import { LocalEngine } from "./local-engine.js";

export {
	type Engine,
	EngineError,
	type EngineOptions,
	type LoadOptions,
	type RunOptions,
	type RunRequest,
	type WeightsId,
	type WeightsMode,
} from "./engine.js";

/** Starts an engine; by default in a thread of its own. Dispose of it, or declare it with `await using`. */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
	const thread = options.thread ?? (canSpawn ? "worker" : "same");
	if (thread === "same") return LocalEngine.create(options);
	const { WorkerEngine } = await import("./worker-engine.js");
	return WorkerEngine.create(options);
}

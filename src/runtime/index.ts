import { canSpawn } from "#ort";
import type { Engine, EngineOptions } from "./engine.js";
import { LocalEngine } from "./local-engine.js";
import { WorkerEngine } from "./worker-engine.js";

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
export function createEngine(options: EngineOptions = {}): Promise<Engine> {
	const thread = options.thread ?? (canSpawn ? "worker" : "same");
	return thread === "worker" ? WorkerEngine.create(options) : LocalEngine.create(options);
}

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ModelError } from "./family.js";
import { DEMO_MODELS, demoFolder } from "./load-model.js";

/**
 * The steps of a model's training that were kept, ascending (Node): `loadModel("demo@400")` opens the one of
 * step 400. A folder keeps them as `checkpoints/<step>.safetensors`.
 * @param ref "demo", "demo-llama" or a model's folder
 * @throws {ModelError} where there are none
 */
export async function checkpointSteps(ref = "demo"): Promise<number[]> {
	const folder = join(DEMO_MODELS.has(ref) ? fileURLToPath(demoFolder(ref)) : ref, "checkpoints");
	const names = await readdir(folder).catch(() => []);
	const steps = names.flatMap((name) => /^(\d{1,15})\.safetensors$/.exec(name)?.[1] ?? []).map(Number);
	if (steps.length === 0) {
		throw new ModelError(
			`${ref}: has no checkpoints; allowed: demo, demo-llama, or a folder with checkpoints/<step>.safetensors`,
		);
	}
	return steps.sort((a, b) => a - b);
}

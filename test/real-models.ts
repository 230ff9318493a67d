import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const models = process.env.HEADSCOPE_TEST_MODELS || join(root, ".cache", "models");

/** A model that only some machines have: its path, or why it is not there. */
export type RealModel = { path: string; reason?: undefined } | { path?: undefined; reason: string };

/**
 * SmolLM2-135M-Instruct as GGUF, fetched by scripts/fetch-test-models.mjs. For a test that needs it:
 * `test.skipIf(smollm2.reason)(...)`, with the reason in the test's name.
 */
export const smollm2: RealModel = at("smollm2-135m", "SmolLM2-135M-Instruct.Q4_1.gguf");

/** Gemma 3 270M as GGUF in K-quants, fetched by the same script. */
export const gemma3: RealModel = at("gemma3-270m", "gemma-3-270m-q4_k_m.gguf");

function at(...parts: string[]): RealModel {
	const path = join(models, ...parts);
	if (existsSync(path)) return { path };
	// where the weights were fetched on purpose, a skipped test would be a hole
	if (process.env.HEADSCOPE_REQUIRE_REAL) throw new Error(`${path} is not there`);
	return { reason: `${path} is not there; run: node scripts/fetch-test-models.mjs` };
}

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { benchPath } from "./paths.js";
import { ensureVenv, exists } from "./rivals/venv.js";

/** Shapes that `rivals/random_model.py` knows. */
export type ModelShape = "gpt2-small" | "smollm2-135m";

/** The folder of random weights that every side loads; made once, by the rival that knows the format best. */
export async function randomModel(shape: ModelShape): Promise<string> {
	const folder = benchPath(`out/${shape}`);
	if (!(await exists(`${folder}/tokenizer_config.json`))) {
		const python = await ensureVenv("tl4");
		await promisify(execFile)(python, [benchPath("rivals/random_model.py"), shape, folder]);
	}
	return folder;
}

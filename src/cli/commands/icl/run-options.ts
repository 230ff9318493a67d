import type { Command } from "commander";
import { wholeNumber } from "../../input/options.js";

/** Options of every command that opens a trained regression run. */
export interface RunOptions {
	readonly config?: string;
	readonly root?: string;
	readonly threads?: number;
}

/** What sequences of a run are: inputs along the axes with targets of its first task, its own tasks', or Gaussian ones'. */
export type RunBatch = "trick" | "pretrain" | "true";
export const RUN_BATCHES: readonly RunBatch[] = ["trick", "pretrain", "true"];

const RUN =
	"a run's folder, a .safetensors or .pt checkpoint, a run's name, or M=64; @STEP names a checkpoint";

/** Adds the run argument and the options that say where it comes from. */
export function withRun(command: Command, optional = false): Command {
	return command
		.argument(optional ? "[run]" : "<run>", RUN)
		.option("--config <file.json>", "the run's settings, where they do not lie beside the checkpoint")
		.option("--root <dir>", "folder that holds checkpoints/ (default: LOCAL_ROOT and the bucket of .env)")
		.option("--threads <n>", "threads to compute with (default: the cores, at most 8)", wholeNumber(1, 256));
}

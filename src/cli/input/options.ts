import { type Command, InvalidArgumentError, Option } from "commander";
import type { Provider } from "../../graph/op.js";
import { HOLD_WEIGHTS, type HoldWeights } from "../../models/quantise.js";

const PROVIDERS: readonly Provider[] = ["cpu", "wasm", "webgpu", "cuda"];

/** Options of every command that opens a model. */
export interface OpenOptions {
	readonly revision?: string;
	readonly offline?: boolean;
}

/** Options of every command that runs a model. */
export interface RunModelOptions extends OpenOptions {
	readonly provider?: Provider;
	readonly threads?: number;
	readonly weights?: HoldWeights;
}

/** `--bos`, `--no-bos`, or undefined for what the model's own tokenizer does. */
export interface BosOption {
	readonly bos?: boolean;
}

/** How many rows heads are scored on, and how long they are. */
export interface RowOptions {
	readonly samples?: number;
	readonly n?: number;
	readonly seed: number;
}

/** Adds the model argument and the options that say where a model comes from. */
export function withModel(
	command: Command,
	what = "a folder, a .gguf file, a hub id (owner/name), demo or demo-llama",
): Command {
	return command
		.argument("[model]", what, "demo")
		.option("--revision <name>", "branch, tag or commit of a hub id (default: main)")
		.option("--offline", "use only what the hub cache has");
}

/** As `withModel`, with the options that say how a model runs. */
export function withRunningModel(command: Command): Command {
	return withRunning(withModel(command));
}

/** As `withRunningModel`, where a regression run may stand in the model's place. */
export function withHeads(command: Command): Command {
	return withRunning(
		withModel(
			command,
			"a folder, a .gguf file, a hub id (owner/name), demo or demo-llama; or a regression run: its folder, checkpoint or name, M=64, M=64@6400",
		),
	)
		.option("--config <file.json>", "of a run: its settings, where they do not lie beside the checkpoint")
		.option(
			"--root <dir>",
			"of a run: folder that holds checkpoints/ (default: LOCAL_ROOT and the bucket of .env)",
		);
}

/** Adds the options of where is computed. */
export function withRunning(command: Command): Command {
	return command
		.addOption(
			new Option("--provider <name>", "where to compute (default: cpu)").choices(PROVIDERS as string[]),
		)
		.option("--threads <n>", "threads to compute with (default: the cores, at most 8)", wholeNumber(1, 256))
		.addOption(
			new Option(
				"--weights <how>",
				"how weights are held (default: quantised for .gguf files above a billion parameters, else bound)",
			).choices(HOLD_WEIGHTS as string[]),
		);
}

/** Adds the options of the rows that heads are scored on. */
export function withRows(command: Command): Command {
	return command
		.option(
			"--samples <n>",
			"rows of each kind of sample (default: 50, of a run 256)",
			wholeNumber(1, 1_000_000),
		)
		.option(
			"--n <n>",
			"random tokens in a row's segment, examples before the repeated x of a run (default: 50, or what fits)",
			wholeNumber(1, 1_000_000),
		)
		.option("--seed <n>", "seed of the random tokens", wholeNumber(0, 2 ** 32 - 1), 0);
}

export function withBos(command: Command): Command {
	return command
		.option("--bos", "put a BOS token in front (default: as the model's tokenizer does)")
		.option("--no-bos", "put no BOS token in front");
}

/** Reads an option's value as a whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
	const allowed = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `${least}..${most}`;
	return (text) => {
		const value = /^-?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
		if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
		throw new InvalidArgumentError(`Allowed are whole numbers ${allowed}.`);
	};
}

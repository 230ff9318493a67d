import { loadCheckpoint, openModel } from "../../models/load-model.js";
import type { Model } from "../../models/model.js";
import { type ResolvedModel, resolveModel } from "../../models/resolve.js";
import type { Engine, EngineOptions } from "../../runtime/index.js";
import type { Checkpoint, CheckpointOptions } from "../../weights/index.js";
import type { Cli } from "../cli.js";
import type { OpenOptions, RunModelOptions } from "../input/options.js";

/** Opens a model's files, headers only; progress of a download goes to stderr. */
export async function openFiles(cli: Cli, ref: string, options: OpenOptions): Promise<Checkpoint> {
	const checkpoint = await openModel(ref, checkpointOptions(cli, options));
	cli.progress.end();
	return checkpoint;
}

/** A model's sizes and names without its weights. */
export async function openArchitecture(
	cli: Cli,
	ref: string,
	options: OpenOptions,
): Promise<ResolvedModel & { checkpoint: Checkpoint }> {
	const checkpoint = await openFiles(cli, ref, options);
	return { ...(await resolveModel(checkpoint)), checkpoint };
}

/**
 * Loads a model to run it. To be disposed of: `await using model = await loadFor(cli, ref, options)`.
 * Where `check` is given it sees the sizes first, so that a wrong option is told before weights are read.
 * @param engine where the model runs, else it has one of its own
 */
export async function loadFor(
	cli: Cli,
	ref: string,
	options: RunModelOptions,
	check?: (opened: ResolvedModel & { checkpoint: Checkpoint }) => void | Promise<void>,
	engine?: Engine,
): Promise<Model> {
	const opened = await openArchitecture(cli, ref, options);
	await check?.(opened);
	const { weights } = options;
	const model = await loadCheckpoint(opened.checkpoint, {
		...checkpointOptions(cli, options),
		...(weights && { weights }),
		...(engine ? { engine } : { engineOptions: engineOptionsOf(options) }),
	});
	cli.progress.end();
	return model;
}

/** What the command line says of the engine. */
export function engineOptionsOf({ provider, threads }: RunModelOptions): EngineOptions {
	return { ...(provider && { provider }), ...(threads !== undefined && { threads }) };
}

function checkpointOptions(cli: Cli, { revision, offline }: OpenOptions): CheckpointOptions {
	return {
		...(revision !== undefined && { revision }),
		...(offline && { offline }),
		onProgress: cli.progress.onBytes,
		signal: cli.signal,
	};
}

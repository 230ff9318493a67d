import { type ResolveRunOptions, resolveRun } from "../../runs/resolve-run-node.js";
import type { Run } from "../../runs/run.js";
import { LocalStorage } from "../../train/local-storage-node.js";
import type { Cli } from "../cli.js";
import type { RunOptions } from "../commands/icl/run-options.js";

/** Opens a trained regression run. To be disposed of: `await using run = await openRun(cli, ref, options)`. */
export async function openRun(cli: Cli, ref: string, options: RunOptions): Promise<Run> {
	cli.signal.throwIfAborted();
	return resolveRun(ref, resolveOptions(options));
}

function resolveOptions({ config, root, threads }: RunOptions): ResolveRunOptions {
	return {
		...(config !== undefined && { config }),
		...(root !== undefined && { storages: [new LocalStorage(root)] }),
		...(threads !== undefined && { engineOptions: { threads } }),
	};
}

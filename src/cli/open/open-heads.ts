import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Model } from "../../models/model.js";
import type { Run } from "../../runs/run.js";
import { runFolders } from "../../runs/run-folder-node.js";
import type { HeadsOf } from "../../scores/index.js";
import type { Cli } from "../cli.js";
import type { RunOptions } from "../commands/icl/run-options.js";
import { UsageError } from "../errors.js";
import type { RunModelOptions } from "../input/options.js";
import { loadFor } from "./open.js";
import { openRun } from "./open-run.js";

/** Options of the commands that take a language model or a regression run. */
export type HeadsOptions = RunModelOptions & RunOptions;

/** What a command looks at the heads of. To be disposed of. */
export interface OpenHeads extends AsyncDisposable {
	/** What scores are taken of. */
	readonly of: HeadsOf;
	readonly model: Model;
	/** Absent for language models. */
	readonly run?: Run;
	/** What the reader knows it by: as it was named, of a run with the checkpoint's step. */
	readonly title: string;
}

/**
 * Opens a run where the reference is one's, else a language model.
 * @param check sees a language model's sizes before its weights are read
 */
export async function openHeads(
	cli: Cli,
	ref: string,
	options: HeadsOptions,
	check?: Parameters<typeof loadFor>[3],
): Promise<OpenHeads> {
	if (!(await isRun(ref, options))) {
		const model = await loadFor(cli, ref, options, check);
		return { of: model, model, title: ref, [Symbol.asyncDispose]: () => model.dispose() };
	}
	const odd = (["revision", "offline"] as const).find((name) => options[name] !== undefined);
	if (odd !== undefined) throw new UsageError(`--${odd} is about models of the hub; ${ref} is a run`);
	if (options.weights !== undefined) {
		throw new UsageError(`--weights is about language models; ${ref} is a run, whose weights are bound`);
	}
	const run = await openRun(cli, ref, options);
	// a file's name may not tell the step
	const step = Number.isFinite(run.step) ? `, step ${run.step}` : "";
	const title = ref.replace(/@\d+$/, "") + step;
	return { of: run, model: run.model.model, run, title, [Symbol.asyncDispose]: () => run.dispose() };
}

/**
 * Whether a reference is one of a regression run: `M=64`, a run's name, a checkpoint's file, a folder with
 * checkpoints by step; `@STEP` may follow each. With the settings of a run it always is.
 */
export async function isRun(ref: string, { config, root }: RunOptions): Promise<boolean> {
	if (config !== undefined || root !== undefined) return true;
	const plain = (await stat(ref).catch(() => undefined)) ? ref : ref.replace(/@\d+$/, "");
	const found = await stat(plain).catch(() => undefined);
	if (found?.isDirectory()) return !(await isLanguageModel(plain)) && (await runFolders(plain)).length > 0;
	return /^M=|^(M|ntasks)-[\w.]+-.*task-|\.(pt|safetensors)$/i.test(plain);
}

/** Whether a folder's `config.json` is that of a language model, which may have checkpoints of its training too. */
async function isLanguageModel(folder: string): Promise<boolean> {
	const text = await readFile(join(folder, "config.json"), "utf8").catch(() => undefined);
	if (text === undefined) return false;
	return !text.includes('"task_config"');
}

/** @throws {UsageError} where a command that runs on text is given a regression run, which has none */
export async function refuseRun(ref: string, command: string): Promise<void> {
	if (!(await isRun(ref, {}))) return;
	throw new UsageError(
		`${command} takes language models, and ${ref} is a run of in-context regression; ablate, patch, attribute, lens, attention, scores and icl patch take runs`,
	);
}

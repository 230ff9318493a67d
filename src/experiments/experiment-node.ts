import { readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, resolve } from "node:path";
import { loadModel } from "../models/load-model.js";
import { resolveRun } from "../runs/resolve-run-node.js";
import { loadSae } from "../sae/index.js";
import { messageOf } from "../weights/errors.js";
import { readSafetensors } from "../weights/index.js";
import { ExperimentError } from "./errors.js";
import { type Experiment, MAX_EXPERIMENT_TEXT, parseExperiment } from "./parse-experiment.js";
import {
	type ExperimentHost,
	type ExperimentResult,
	type RunExperimentOptions,
	runExperiment,
} from "./run-experiment.js";
import { versionsHere } from "./versions-node.js";

/** Longest file that an experiment may name: 1 GiB. */
const LONGEST = 2 ** 30;

/** Reads an experiment's file (Node). @throws {ExperimentError} for what cannot be read or is none */
export async function readExperiment(path: string): Promise<Experiment> {
	const bytes = await readBytes(path, MAX_EXPERIMENT_TEXT);
	return parseExperiment(textOf(bytes, path), path);
}

/** How models and runs are opened, where not as by default. */
export interface ExperimentHostOptions {
	readonly loadModel?: ExperimentHost["loadModel"];
	readonly openRun?: ExperimentHost["openRun"];
	/** The WASM runtime computes, not the native one. Default false. */
	readonly wasm?: boolean;
}

/**
 * What an experiment's file needs in Node. Files that it names lie relative to it, and so do models and runs whose names
 * begin with "./" or "../"; other names are those of `loadModel` and `resolveRun`.
 */
export function experimentHost(path: string, options: ExperimentHostOptions = {}): ExperimentHost {
	const folder = dirname(resolve(path));
	const there = (name: string): string => (isAbsolute(name) ? name : resolve(folder, name));
	const ref = (name: string): string => (/^\.\.?[/\\]/.test(name) ? there(name) : name);
	const { loadModel: load = (name) => loadModel(name), openRun = (name) => resolveRun(name) } = options;
	return {
		loadModel: (name) => load(ref(name)),
		openRun: (name) => openRun(ref(name)),
		readText: async (name) => textOf(await readBytes(there(name), LONGEST), there(name)),
		readDonor: async (name) => (await readSafetensors(await readBytes(there(name), LONGEST))).tensors,
		loadDictionary: (name) => loadSae(there(name)),
		versions: versionsHere(options.wasm ?? false),
	};
}

/**
 * Reads an experiment's file and carries it out (Node), as `headscope run` does.
 * @throws {ExperimentError} with the place in the file for what is not understood or does not fit
 */
export async function runExperimentFile(
	path: string,
	options: RunExperimentOptions & ExperimentHostOptions = {},
): Promise<ExperimentResult> {
	return runExperiment(await readExperiment(path), experimentHost(path, options), options);
}

async function readBytes(path: string, longest: number): Promise<Uint8Array> {
	try {
		const { size } = await stat(path);
		if (size > longest) throw new ExperimentError(`${path}: ${size} bytes, allowed up to ${longest}`);
		return await readFile(path);
	} catch (error) {
		if (error instanceof ExperimentError) throw error;
		const none = (error as NodeJS.ErrnoException).code === "ENOENT";
		const reason = none ? "there is no such file" : messageOf(error);
		throw new ExperimentError(`${path}: cannot be read: ${reason}`, { cause: error });
	}
}

function textOf(bytes: Uint8Array, path: string): string {
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch (error) {
		throw new ExperimentError(`${path}: is not UTF-8 text`, { cause: error });
	}
}

import { readFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { CHECKPOINT_FORMATS, type CheckpointFile, type CheckpointFormat } from "../train/checkpoint-store.js";
import { reject } from "../train/errors.js";
import { LocalStorage } from "../train/local-storage-node.js";
import { messageOf } from "../weights/errors.js";
import { parseRun, RUN_FILE } from "./describe-run.js";
import type { CheckpointSource, RunDescription } from "./run.js";

const CHECKPOINT = new RegExp(`^(\\d{1,15})\\.(${CHECKPOINT_FORMATS.join("|")})$`);

/** The checkpoints that lie in a folder of any name: `<step>.safetensors` or `<step>.pt` (Node). */
export class RunFolder implements CheckpointSource {
	private readonly storage: LocalStorage;

	constructor(readonly path: string) {
		this.storage = new LocalStorage(path);
	}

	async steps(): Promise<number[]> {
		const found = (await this.files()).map(({ step }) => step);
		return [...new Set(found)].sort((a, b) => a - b);
	}

	async load(step: number): Promise<CheckpointFile> {
		const files = await this.files();
		const file = files.find((one) => one.step === step);
		if (!file) {
			return reject(
				this.path,
				`has no checkpoint of step ${step}; it has ${(await this.steps()).join(", ")}`,
			);
		}
		return readCheckpoint(join(this.path, file.name), step);
	}

	/** Headscope's own before the Python trainer's. */
	private async files(): Promise<{ name: string; step: number; format: string }[]> {
		const found = (await this.storage.list("")).flatMap((name) => {
			const [, step, format] = CHECKPOINT.exec(name) ?? [];
			return step && format ? [{ name, step: Number(step), format }] : [];
		});
		return found.sort((a, b) => (a.format < b.format ? 1 : -1));
	}
}

/** One file as the only checkpoint of a run. Its step is NaN where its name does not tell. */
export async function oneCheckpoint(path: string): Promise<CheckpointSource> {
	const [, step] = CHECKPOINT.exec(basename(path)) ?? [];
	const file = await readCheckpoint(path, step ? Number(step) : Number.NaN);
	return { steps: async () => [file.step], load: async () => file };
}

async function readCheckpoint(path: string, step: number): Promise<CheckpointFile> {
	const ending = extname(path).slice(1).toLowerCase();
	const format = CHECKPOINT_FORMATS.find((known): known is CheckpointFormat => known === ending);
	if (!format) reject(path, `is no checkpoint; allowed endings are .${CHECKPOINT_FORMATS.join(", .")}`);
	return { step, format, bytes: await readBytes(path), where: path };
}

async function readBytes(path: string): Promise<Uint8Array> {
	try {
		return new Uint8Array(await readFile(path));
	} catch (error) {
		return reject(path, `cannot be read: ${messageOf(error)}`, error);
	}
}

/** The run that a file of settings describes. @throws {TrainError} */
export async function readRunFile(path: string): Promise<RunDescription> {
	const text = new TextDecoder().decode(await readBytes(path));
	return parseRun(text, path);
}

/** The run whose settings lie in a folder, as `run.json` or `config.json`. */
export async function readRunBeside(folder: string): Promise<RunDescription | undefined> {
	const storage = new LocalStorage(folder);
	for (const name of [RUN_FILE, "config.json"]) {
		if (await storage.exists(name)) return readRunFile(join(folder, name));
	}
	return undefined;
}

/** Folders at or below a path that hold checkpoints: the path itself, or those below its `checkpoints`. */
export async function runFolders(path: string): Promise<string[]> {
	const storage = new LocalStorage(path);
	if ((await new RunFolder(path).steps()).length > 0) return [path];
	const keys = await storage.list("checkpoints/");
	const folders = keys.filter((key) => CHECKPOINT.test(basename(key))).map((key) => dirname(key));
	return [...new Set(folders)].map((folder) => join(path, folder));
}

import { reject } from "./errors.js";
import type { Storage } from "./storage.js";

/** Kinds of checkpoint files: headscope's own, and the Python trainer's. */
export const CHECKPOINT_FORMATS = ["safetensors", "pt"] as const;
/** One of the kinds of checkpoint files. */
export type CheckpointFormat = (typeof CHECKPOINT_FORMATS)[number];

/** A checkpoint's file. */
export interface CheckpointFile {
	/** The step after whose update it was saved. */
	readonly step: number;
	readonly format: CheckpointFormat;
	readonly bytes: Uint8Array;
	/** The storage's name and the key, for errors. */
	readonly where: string;
}

/** Where a run's files lie, in every storage: `checkpoints/<project dir>`, or `checkpoints` for "". */
export function runFolder(projectDir: string): string {
	return projectDir === "" ? "checkpoints" : `checkpoints/${projectDir}`;
}

/** Where a checkpoint lies, in every storage: `checkpoints/<project dir>/<step>.<format>`. */
export function checkpointKey(
	projectDir: string,
	step: number,
	format: CheckpointFormat = "safetensors",
): string {
	return `${runFolder(projectDir)}/${step}.${format}`;
}

/** The checkpoints of one run, in one or more storages. */
export class CheckpointStore {
	/**
	 * @param storages all are written; reads take the first that has the file, so the nearest comes first
	 * @param projectDir folder below `checkpoints/`: `icl/<run name>`
	 */
	constructor(
		private readonly storages: readonly Storage[],
		readonly projectDir: string,
	) {}

	/** Saves to every storage. */
	async save(step: number, bytes: Uint8Array, format: CheckpointFormat = "safetensors"): Promise<void> {
		if (!Number.isSafeInteger(step) || step < 0) reject(this.projectDir, `step ${step}, allowed from 0`);
		const key = checkpointKey(this.projectDir, step, format);
		for (const storage of this.storages) await storage.put(key, bytes);
	}

	/** Steps that some storage has, ascending as numbers. */
	async steps(): Promise<number[]> {
		const prefix = `${runFolder(this.projectDir)}/`;
		const steps = new Set<number>();
		for (const storage of this.storages) {
			for (const key of await storage.list(prefix)) {
				const [, step, format] = /^(\d{1,15})\.([a-z]+)$/.exec(key.slice(prefix.length)) ?? [];
				if (step && CHECKPOINT_FORMATS.some((known) => known === format)) steps.add(Number(step));
			}
		}
		return [...steps].sort((a, b) => a - b);
	}

	/**
	 * The file saved at a step.
	 * @throws {TrainError} where no storage has it; a storage that fails is an error, not a miss
	 */
	async load(step: number): Promise<CheckpointFile> {
		for (const storage of this.storages) {
			for (const format of CHECKPOINT_FORMATS) {
				const key = checkpointKey(this.projectDir, step, format);
				const bytes = await storage.get(key);
				if (bytes) return { step, format, bytes, where: `${storage.name}/${key}` };
			}
		}
		const steps = await this.steps();
		return reject(
			this.projectDir,
			steps.length === 0
				? `has no checkpoints in ${this.places()}`
				: `has no checkpoint of step ${step} in ${this.places()}; it has ${abridged(steps)}`,
		);
	}

	/**
	 * The file at a place in the ordered list of steps: 0 is the first, -1 the last.
	 * @throws {TrainError} where there are fewer checkpoints
	 */
	async at(index: number): Promise<CheckpointFile> {
		const steps = await this.steps();
		const step = steps.at(index);
		if (step !== undefined) return this.load(step);
		return reject(
			this.projectDir,
			steps.length === 0
				? `has no checkpoints in ${this.places()}`
				: `has ${steps.length} checkpoints, there is none at place ${index}`,
		);
	}

	private places(): string {
		return this.storages.map((storage) => storage.name).join(", ") || "no storage (none is set)";
	}
}

function abridged(steps: readonly number[]): string {
	return steps.length <= 12
		? steps.join(", ")
		: `${steps.slice(0, 5).join(", ")}, ..., ${steps.slice(-5).join(", ")}`;
}

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Tensor } from "../tensor/index.js";
import { reject } from "../train/errors.js";
import type { RunConfig } from "../train/run-config.js";
import type { SweepRun } from "../train/sweep.js";
import { writeSafetensors } from "../weights/index.js";

/** What a finished run of a sweep leaves beside its checkpoints, as `result.json`. It is written once. */
export interface RunResult {
	readonly name: string;
	/** The last step, from 0. */
	readonly step: number;
	/** What was measured at the last logging step, the batch's loss among it. */
	readonly metrics: Readonly<Record<string, number | string>>;
	/** {@link weightsHash} of the final weights. */
	readonly weights: string;
	/** Which start of the run it was, from 1; null where no queue counted. */
	readonly token: number | null;
	/** Host and process that wrote it. */
	readonly worker: string;
	readonly settings: Omit<RunConfig, "checkpointer_config" | "logger_config">;
}

/** A run as a worker needs it. */
export interface RunToTrain {
	readonly name: string;
	readonly projectDir: string;
	readonly config: RunConfig;
}

/** What a worker needs of a run of a sweep. */
export function runToTrain({ names, config }: Pick<SweepRun, "names" | "config">): RunToTrain {
	return { name: names.current, projectDir: names.projectDir, config };
}

/** The settings of a run that decide its result. */
export function resultSettings(config: RunConfig): RunResult["settings"] {
	const { checkpointer_config: _, logger_config: __, ...settings } = config;
	return settings;
}

/** Where a run's result lies, in every storage. */
export function resultKey(projectDir: string): string {
	return `checkpoints/${projectDir}/result.json`;
}

/** SHA-256 of the weights as a safetensors file without metadata, as hex digits: equal where all bits are. */
export function weightsHash(weights: ReadonlyMap<string, Tensor>): string {
	return bytesToHex(sha256(writeSafetensors(weights)));
}

export function encodeResult(result: RunResult): Uint8Array {
	return new TextEncoder().encode(`${toJson(result, "\t")}\n`);
}

/** @throws {TrainError} for a file that is no result */
export function decodeResult(bytes: Uint8Array, where: string): RunResult {
	let result: unknown;
	try {
		result = fromJson(new TextDecoder().decode(bytes));
	} catch (error) {
		return reject(where, "is not JSON", error);
	}
	const { step, weights, metrics } = (result ?? {}) as Partial<RunResult>;
	if (Number.isInteger(step) && /^[0-9a-f]{64}$/.test(weights ?? "") && typeof metrics === "object") {
		return result as RunResult;
	}
	return reject(where, "is no result of a run: needs step, weights (64 hex digits) and metrics");
}

/** JSON with the one number of a configuration that JSON has not: infinitely many tasks. */
export function toJson(value: unknown, indent?: string): string {
	return JSON.stringify(value, (_, v: unknown) => (v === Number.POSITIVE_INFINITY ? "Infinity" : v), indent);
}

/** The inverse of {@link toJson}. */
export function fromJson(text: string): unknown {
	return JSON.parse(text, (_, v: unknown) => (v === "Infinity" ? Number.POSITIVE_INFINITY : v));
}

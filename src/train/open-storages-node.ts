import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { messageOf } from "../weights/errors.js";
import { CheckpointStore } from "./checkpoint-store.js";
import { reject } from "./errors.js";
import { LocalStorage } from "./local-storage-node.js";
import type { RunConfig } from "./run-config.js";
import { openS3Storage } from "./s3-storage.js";
import type { Storage } from "./storage.js";

/** Settings by the name of their variable. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that name the bucket; the second one is the older spelling. */
const BUCKET_VARIABLES = ["AWS_REGRESSION_BUCKET_NAME", "AWS_BUCKET_NAME"];

/**
 * The process's variables over those of a `.env` file (Node); a file that is not there is empty.
 * @param path default `.env` in the current folder
 */
export async function readEnvironment(path = ".env"): Promise<Environment> {
	let text = "";
	try {
		text = await readFile(path, "utf8");
	} catch (error) {
		if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) {
			reject(path, `cannot be read: ${messageOf(error)}`, error);
		}
	}
	return { ...parseEnv(text), ...process.env };
}

/**
 * The storages that a run's configuration or the environment names, the local folder first: it is
 * read before the bucket. Configuration goes before environment.
 *
 * - `LOCAL_ROOT`: a folder of this machine
 * - `AWS_REGRESSION_BUCKET_NAME` or `AWS_BUCKET_NAME`: a bucket, with `AWS_ENDPOINT_URL` where it is
 *   not Amazon's
 */
export async function openStorages(
	config: Pick<RunConfig, "checkpointer_config">,
	environment: Environment,
): Promise<Storage[]> {
	const { local_root, bucket_name } = config.checkpointer_config;
	const storages: Storage[] = [];
	const root = local_root ?? environment.LOCAL_ROOT;
	if (root) storages.push(new LocalStorage(root));
	const bucket = bucket_name ?? BUCKET_VARIABLES.map((name) => environment[name]).find(Boolean);
	if (bucket) storages.push(await openBucket(bucket, environment));
	return storages;
}

/** A bucket, with what the environment says about its server. */
export async function openBucket(bucket: string, environment: Environment): Promise<Storage> {
	const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
	const { AWS_REGION: region, AWS_ENDPOINT_URL: endpoint, AWS_SESSION_TOKEN: sessionToken } = environment;
	const session = sessionToken ? { sessionToken } : {};
	return openS3Storage({
		bucket,
		...(region ? { region } : {}),
		...(endpoint ? { endpoint } : {}),
		...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey, ...session } } : {}),
	});
}

/** The checkpoints of a run, in the storages of {@link openStorages}. */
export async function openCheckpoints(
	config: RunConfig,
	projectDir: string,
	environment: Environment,
): Promise<CheckpointStore> {
	return new CheckpointStore(await openStorages(config, environment), projectDir);
}

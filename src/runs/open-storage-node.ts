import { reject } from "../train/errors.js";
import { LocalStorage } from "../train/local-storage-node.js";
import { type Environment, openBucket } from "../train/open-storages-node.js";
import { PrefixedStorage } from "../train/prefixed-storage.js";
import type { Storage } from "../train/storage.js";

/**
 * Opens a storage as it is typed (Node): a folder, or `s3://bucket` with a folder below it or not.
 * @param environment credentials, region and address of the bucket, see `openStorages`
 */
export async function openStorage(place: string, environment: Environment): Promise<Storage> {
	const [, scheme, rest = ""] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(place) ?? [];
	if (scheme === undefined) return new LocalStorage(place);
	const [bucket = "", ...folders] = rest.replace(/\/+$/, "").split("/");
	if (scheme !== "s3" || bucket === "") {
		return reject("--storage", `"${place}", allowed: a folder or s3://bucket[/folder]`);
	}
	const storage = await openBucket(bucket, environment);
	return folders.length === 0 ? storage : new PrefixedStorage(storage, folders.join("/"));
}

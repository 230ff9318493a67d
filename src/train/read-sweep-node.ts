import { readdir, readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../weights/errors.js";
import { reject } from "./errors.js";
import { MAX_SWEEP_TEXT, parseSweep } from "./parse-sweep.js";
import type { Sweep } from "./sweep.js";

const SHIPPED = new URL("../../assets/sweeps/", import.meta.url);

/**
 * Reads a sweep file (Node). A bare name that is no file here is looked up among the shipped sweeps:
 * `small-sweep.yaml`.
 */
export async function readSweep(path: string): Promise<Sweep> {
	const found = await stat(path).catch(() => undefined);
	if (!found) return readShipped(path);
	if (!found.isFile()) reject(path, "is not a file");
	if (found.size > MAX_SWEEP_TEXT) reject(path, `${found.size} bytes, allowed up to ${MAX_SWEEP_TEXT}`);
	try {
		return parseSweep(await readFile(path, "utf8"), path);
	} catch (error) {
		if (error instanceof Error && "code" in error) reject(path, `cannot be read: ${messageOf(error)}`, error);
		throw error;
	}
}

async function readShipped(name: string): Promise<Sweep> {
	const shipped = (await readdir(SHIPPED).catch(() => [])).filter((file) => file.endsWith(".yaml"));
	const file = shipped.find((one) => name === one || name === basename(one, ".yaml"));
	if (!file) reject(name, `there is no such file; shipped sweeps are ${shipped.join(", ")}`);
	return parseSweep(await readFile(fileURLToPath(new URL(file, SHIPPED)), "utf8"), file);
}

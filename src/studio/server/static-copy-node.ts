import { cp, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type StudioFiles, studioFiles } from "./studio-files-node.js";

/**
 * Writes the studio as files that any static host can serve: the page, ONNX Runtime's WASM, the embedded models and
 * runs. They are written beside the folder first, so that it is there whole or not at all.
 * @returns the folder's absolute path
 * @throws {Error} for a folder that has files in it
 */
export async function writeStatic(out: string, files: StudioFiles = studioFiles()): Promise<string> {
	const target = resolve(out);
	const there = await readdir(target).catch(() => []);
	if (there.length > 0) throw new Error(`${out}: has files in it; give a new or an empty folder`);
	await mkdir(dirname(target), { recursive: true });
	const draft = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
	try {
		for (const { name, source, only } of files.folders) {
			const to = join(draft, name);
			if (only) {
				await mkdir(to, { recursive: true });
				for (const file of only) await cp(join(source, file), join(to, file));
			} else await cp(source, to, { recursive: true });
		}
		await rm(target, { recursive: true, force: true });
		await rename(draft, target);
	} catch (error) {
		await rm(draft, { recursive: true, force: true });
		throw error;
	}
	return target;
}

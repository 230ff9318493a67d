import { refuse } from "./errors.js";
import type { Source } from "./source.js";

/** A page cannot open paths: files come in as `{ blob }`, `{ bytes }` or `{ url }`. */
export function fileSource(path: string): Source {
	return refuse(path, "a page cannot open a path; allowed here: { url }, { blob }, { bytes }");
}

/** A page has no folders. */
export function folderAndName(path: string): { folder: string; file: string } {
	return refuse(path, "a page cannot map files");
}

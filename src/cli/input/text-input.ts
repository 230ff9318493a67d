import { UsageError } from "../errors.js";
import { readTextFile } from "./read-file.js";

/**
 * The text of `--text` or `--file`; exactly one is given and it is not empty.
 * @throws {UsageError}
 */
export async function readText(options: { text?: string; file?: string }): Promise<string> {
	const { text, file } = options;
	if (text === undefined && file === undefined) throw new UsageError("no text; give --text or --file");
	if (text !== undefined && file !== undefined) throw new UsageError("--text and --file: give one of them");
	if (text !== undefined) {
		if (text === "") throw new UsageError("--text: the text is empty; allowed is at least one character");
		return text;
	}
	const content = await readTextFile(file as string);
	if (content === "") throw new UsageError(`--file ${file}: the file is empty`);
	return content;
}

import { execFile } from "node:child_process";
import { access, readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { benchPath } from "../paths.js";

const run = promisify(execFile);
/** Installs print more than Node's default of 1 MiB. */
const OUTPUT_LIMIT = 64 * 2 ** 20;

/**
 * The Python of a rival's virtual environment, `bench/.venv-NAME`, made on first use and made anew when
 * `rivals/NAME.txt`, the list of its packages, has changed. Takes minutes and about 1.6 GB of disk.
 *
 * PyTorch goes in first and alone, and the rest under the constraint of that version, so that no other
 * build of it is brought along. Set pip's own variables (PIP_INDEX_URL, ...) for a build without CUDA.
 *
 * @throws Error with pip's last lines when something cannot be installed.
 */
export async function ensureVenv(name: string): Promise<string> {
	const folder = benchPath(`.venv-${name}`);
	const python = `${folder}/bin/python`;
	const list = benchPath(`rivals/${name}.txt`);
	const marker = `${folder}/installed.txt`;
	const wanted = await readFile(list, "utf8");
	const installed = await readFile(marker, "utf8").catch(() => undefined);
	if (installed === wanted && (await exists(python))) return python;

	const torch = wanted.split("\n").find((line) => line.startsWith("torch=="));
	if (!torch) throw new Error(`${list}: no line torch==VERSION`);
	console.error(`making ${folder}, once`);
	await quiet(process.env.PYTHON ?? "python3", ["-m", "venv", "--clear", folder]);
	await quiet(python, ["-m", "pip", "install", "--quiet", torch]);
	await quiet(python, ["-m", "pip", "install", "--quiet", "--requirement", list]);
	// Last, so that an installation that was cut short is not taken for a whole one.
	await writeFile(marker, wanted);
	return python;
}

async function quiet(file: string, args: string[]): Promise<void> {
	try {
		await run(file, args, { maxBuffer: OUTPUT_LIMIT });
	} catch (error) {
		const { stderr = "", message } = error as { stderr?: string; message: string };
		const tail = stderr.trim().split("\n").slice(-6).join("\n");
		throw new Error(`${file} ${args.join(" ")} failed:\n${tail || message}`);
	}
}

/** Whether a path exists. */
export async function exists(path: string): Promise<boolean> {
	return access(path).then(
		() => true,
		() => false,
	);
}

/** The packed tarball in an empty folder, as a user has it. */
import { execFile } from "node:child_process";
import {
	cpSync,
	linkSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { requireBuilt, root } from "../built.js";

const execute = promisify(execFile);

export interface Output {
	readonly stdout: string;
	readonly stderr: string;
}

/** What `npm pack` says of the tarball. */
export interface Packed {
	readonly filename: string;
	readonly size: number;
	readonly files: readonly { readonly path: string }[];
}

/** As a user's shell would have it: npm hands its own settings, .npmrc included, to what it runs. */
const environment = Object.fromEntries(
	Object.entries(process.env).filter(
		([name]) => !/^(npm_|onnxruntime|node_options|vitest|node_env)/i.test(name),
	),
);

/** Where the package is installed already, in the same file system as temporary files; `npm test` sets it. */
const shared = process.env.HEADSCOPE_INSTALLED;

export class Installed {
	private constructor(
		readonly folder: string,
		readonly packed: Packed,
	) {}

	static async create(): Promise<Installed> {
		requireBuilt();
		const folder = mkdtempSync(join(tmpdir(), "headscope-pack-"));
		if (shared === undefined) {
			const script = join(root, "scripts/install-packed.mjs");
			await execute(process.execPath, [script, folder], { env: environment, maxBuffer: 2 ** 26 });
		} else {
			for (const { name } of readdirSync(shared, { withFileTypes: true }).filter((entry) => entry.isFile()))
				cpSync(join(shared, name), join(folder, name));
			linkTree(join(shared, "node_modules"), join(folder, "node_modules"));
		}
		return new Installed(folder, JSON.parse(readFileSync(join(folder, "packed.json"), "utf8")) as Packed);
	}

	/** A path in the folder. */
	at(...path: string[]): string {
		return join(this.folder, ...path);
	}

	npm(args: string[]): Promise<Output> {
		const shell = process.platform === "win32";
		return execute("npm", args, { cwd: this.folder, env: environment, maxBuffer: 2 ** 26, shell });
	}

	/** Runs a program in the folder. */
	run(program: string, args: string[], extra: NodeJS.ProcessEnv = {}): Promise<Output> {
		const options = { cwd: this.folder, env: { ...environment, ...extra }, maxBuffer: 2 ** 26 };
		return execute(program, args, options);
	}

	headscope(...args: string[]): Promise<Output> {
		return this.npm(["exec", "--no", "--", "headscope", ...args]);
	}

	remove(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** A folder of the same files, by hard links: hundreds of MB, of which tests remove some and write none. */
function linkTree(from: string, to: string): void {
	mkdirSync(to);
	for (const entry of readdirSync(from, { withFileTypes: true })) {
		const [source, target] = [join(from, entry.name), join(to, entry.name)];
		if (entry.isDirectory()) linkTree(source, target);
		else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
		else linkSync(source, target);
	}
}

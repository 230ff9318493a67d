/** The packed tarball in an empty folder, as a user has it. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

export class Installed {
	private constructor(
		readonly folder: string,
		readonly packed: Packed,
	) {}

	static async create(): Promise<Installed> {
		requireBuilt();
		const folder = mkdtempSync(join(tmpdir(), "headscope-pack-"));
		const { stdout } = await npmIn(root, ["pack", "--json", "--pack-destination", folder]);
		const [packed] = JSON.parse(stdout) as Packed[];
		if (!packed) throw new Error("npm pack made nothing");
		const user = { name: "user", private: true, type: "module" };
		writeFileSync(join(folder, "package.json"), JSON.stringify(user));
		const made = new Installed(folder, packed);
		// whatever becomes of onnxruntime-node's install script, this must end well
		await made.npm(["install", "--no-audit", "--no-fund", `./${packed.filename}`]);
		return made;
	}

	/** A path in the folder. */
	at(...path: string[]): string {
		return join(this.folder, ...path);
	}

	npm(args: string[]): Promise<Output> {
		return npmIn(this.folder, args);
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

function npmIn(cwd: string, args: string[]): Promise<Output> {
	const shell = process.platform === "win32";
	return execute("npm", args, { cwd, env: environment, maxBuffer: 2 ** 26, shell });
}

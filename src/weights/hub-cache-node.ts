import { copyFile, mkdir, readFile, stat, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { getHFHubCachePath } from "@huggingface/hub";
import { quote, refuse } from "./errors.js";
import { writeWhole } from "./save-safetensors-node.js";

const COMMIT = /^[0-9a-f]{40}$/;

/**
 * One model in the cache that all Hugging Face tools share (huggingface.co/docs/hub/local-cache):
 * `blobs/` by content hash, `snapshots/COMMIT/` with links to them, `refs/BRANCH` with a commit.
 */
export class HubCache {
	readonly folder: string;

	constructor(
		private readonly name: string,
		private readonly revision: string,
	) {
		if (!/^[\w.][\w./-]*$/.test(revision) || revision.split("/").includes("..")) {
			refuse(name, `revision ${quote(revision)} is not a branch, tag or commit`);
		}
		this.folder = join(getHFHubCachePath(), `models--${name.replace("/", "--")}`);
	}

	/** The folder of a commit's files. A commit comes from the hub, so it is checked before it becomes a path. */
	snapshot(commit: string): string {
		if (!COMMIT.test(commit)) refuse(this.name, `the hub gave ${quote(commit)} as a commit`);
		return join(this.folder, "snapshots", commit);
	}

	/** The snapshot that the revision last pointed to, if it is there. */
	async cached(): Promise<string | undefined> {
		const ref = join(this.folder, "refs", this.revision);
		const commit = COMMIT.test(this.revision)
			? this.revision
			: (await readFile(ref, "utf8").catch(() => "")).trim();
		if (!COMMIT.test(commit)) return undefined;
		const folder = this.snapshot(commit);
		const info = await stat(folder).catch(() => undefined);
		return info?.isDirectory() ? folder : undefined;
	}

	/** Where a file's content goes, by the hash that the hub gives for it. */
	blob(hash: string): string {
		if (!/^[0-9a-f]{40,64}$/.test(hash)) refuse(this.name, `the hub gave ${quote(hash)} as a file's hash`);
		return join(this.folder, "blobs", hash);
	}

	/** Makes a file of a snapshot out of a blob: a relative link, or a copy where links are not allowed. */
	async link(blob: string, pointer: string): Promise<void> {
		await mkdir(dirname(pointer), { recursive: true });
		await symlink(relative(dirname(pointer), blob), pointer).catch(async () => {
			if (!(await exists(pointer))) await copyFile(blob, pointer);
		});
	}

	/** Notes which commit the revision is; written last, so that it never points to half a download. */
	async point(commit: string): Promise<void> {
		if (this.revision === commit) return;
		const ref = join(this.folder, "refs", this.revision);
		await mkdir(dirname(ref), { recursive: true });
		await writeWhole(ref, (write) => write(new TextEncoder().encode(commit)));
	}
}

/** Whether there is a file of that size (any size by default); links are followed. */
export async function exists(path: string, size?: number): Promise<boolean> {
	const info = await stat(path).catch(() => undefined);
	return info?.isFile() === true && (size === undefined || info.size === size);
}

/** Whether HF_HUB_OFFLINE forbids the network. */
export function offlineByEnvironment(): boolean {
	return /^(1|on|yes|true)$/i.test(process.env.HF_HUB_OFFLINE ?? "");
}

/** The user's token: HF_TOKEN, or the file that `hf auth login` writes. */
export async function hubToken(): Promise<string | undefined> {
	const home =
		process.env.HF_HOME || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface");
	const file = process.env.HF_TOKEN_PATH || join(home, "token");
	const token = process.env.HF_TOKEN || (await readFile(file, "utf8").catch(() => ""));
	return token.trim() || undefined;
}

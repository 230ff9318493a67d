import { runFolder } from "../../train/checkpoint-store.js";
import type { Storage } from "../../train/storage.js";

/** Tables that grow with a run; the other files of a run are written once. */
const LOGS = ["loss", "metrics"] as const;

/**
 * A storage as one of several starts ("attempts") of the same run sees it. Attempts may overlap: one whose
 * machine froze wakes up beside its successor. Nothing that one writes can undo what another wrote:
 *
 * - Checkpoints are created where there is none, never replaced. Whoever comes second has the same bits.
 * - Each attempt writes logs of its own, `attempts/<attempt>.loss.jsonl`. Reading gives the rows of all of
 *   them, by step; rows of one step are equal, since runs repeat bit for bit.
 *
 * `check` is asked before each write and throws for an attempt that another has replaced. It spares work;
 * the two rules above are what makes results safe, also where an attempt freezes between check and write.
 */
export class AttemptStorage implements Storage {
	readonly name: string;
	private readonly folder: string;

	constructor(
		private readonly inner: Storage,
		projectDir: string,
		/** Names this attempt; no other of the run may have it. */
		private readonly attempt: string,
		private readonly check: () => Promise<void>,
	) {
		this.name = inner.name;
		this.folder = runFolder(projectDir);
	}

	async put(key: string, bytes: Uint8Array): Promise<void> {
		await this.check();
		const log = LOGS.find((name) => key.startsWith(`${this.folder}/${name}.`));
		if (!log) await this.inner.putNew(key, bytes);
		// the other spelling is made when the run ends
		else if (key.endsWith(".jsonl")) {
			await this.inner.put(`${this.folder}/attempts/${this.attempt}.${log}.jsonl`, bytes);
		}
	}

	async putNew(key: string, bytes: Uint8Array): Promise<boolean> {
		await this.check();
		return this.inner.putNew(key, bytes);
	}

	async get(key: string): Promise<Uint8Array | undefined> {
		const log = LOGS.find((name) => key === `${this.folder}/${name}.jsonl`);
		if (!log) return this.inner.get(key);
		const attempts = await this.inner.list(`${this.folder}/attempts/`);
		const rows = new Map<number, string>();
		for (const file of [key, ...attempts.filter((one) => one.endsWith(`.${log}.jsonl`))]) {
			const text = new TextDecoder().decode((await this.inner.get(file)) ?? new Uint8Array());
			for (const line of text.split("\n").filter(Boolean)) {
				const { step } = JSON.parse(line) as { step: number };
				if (!rows.has(step)) rows.set(step, line);
			}
		}
		if (rows.size === 0) return undefined;
		const lines = [...rows].sort(([a], [b]) => a - b).map(([, line]) => `${line}\n`);
		return new TextEncoder().encode(lines.join(""));
	}

	exists(key: string): Promise<boolean> {
		return this.inner.exists(key);
	}

	list(prefix: string): Promise<string[]> {
		return this.inner.list(prefix);
	}

	/** Reads the rows of all attempts and writes them where a run that no queue knows has its logs. */
	publishing(): Storage {
		return {
			name: this.name,
			get: (key) => this.get(key),
			exists: (key) => this.exists(key),
			list: (prefix) => this.list(prefix),
			// every attempt that comes this far has all rows, so they write the same
			put: async (key, bytes) => {
				await this.check();
				await this.inner.put(key, bytes);
			},
			putNew: (key, bytes) => this.putNew(key, bytes),
		};
	}
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { processCpuSeconds } from "./machine.js";

/** How to start one side's process. */
export interface Command {
	file: string;
	args: string[];
	/** Variables set on top of this process' own. */
	env?: Record<string, string>;
}

/** One of the programs that a bench compares: a process that answers the bench protocol (README.md). */
export interface SideSpec {
	/** Short name, as printed and as given to `--sides`. */
	name: string;
	/** Installs what the side needs, if it is missing, and says how to start it. */
	command(threads: number): Promise<Command>;
}

const STDERR_LINES_KEPT = 12;

/** A running side. Requests go one at a time; a dead process rejects with the end of its stderr. */
export class Side implements AsyncDisposable {
	readonly name: string;
	versions: Record<string, string> = {};
	readonly #child: ChildProcess;
	readonly #answers: AsyncIterator<string>;
	readonly #stderr: string[] = [];

	private constructor(name: string, command: Command) {
		this.name = name;
		this.#child = spawn(command.file, command.args, {
			env: { ...withoutOpenBlas(process.env), ...command.env },
			stdio: ["pipe", "pipe", "pipe"],
		});
		const { stdout, stderr, stdin } = this.#child;
		if (!stdout || !stderr || !stdin) throw new Error("internal: a side's pipes are missing");
		// A process that dies while being written to is reported by the missing answer instead.
		stdin.on("error", () => {});
		const answers = createInterface({ input: stdout });
		this.#answers = answers[Symbol.asyncIterator]();
		// No such program, for one: then no answer will come.
		this.#child.on("error", (error) => {
			this.#stderr.push(error.message);
			answers.close();
		});
		createInterface({ input: stderr }).on("line", (line) => {
			this.#stderr.push(line);
			if (this.#stderr.length > STDERR_LINES_KEPT) this.#stderr.shift();
		});
	}

	/** Starts the process and waits until its model is ready. */
	static async start(spec: SideSpec, threads: number): Promise<Side> {
		const side = new Side(spec.name, await spec.command(threads));
		try {
			const ready = await side.#answer();
			side.versions = ready.versions as Record<string, string>;
			return side;
		} catch (error) {
			await side[Symbol.asyncDispose]();
			throw error;
		}
	}

	/** Warms a case up; the numbers that come back are a few of its outputs, to compare sides by. */
	async prepare(params: Record<string, unknown>): Promise<number[]> {
		return (await this.#request({ do: "prepare", params })).sample as number[];
	}

	/** Runs a case once; the milliseconds it took, measured by the side itself. */
	async run(params: Record<string, unknown>): Promise<number> {
		return (await this.#request({ do: "run", params })).ms as number;
	}

	/** Peak resident memory of the process so far, in bytes. */
	async peak(): Promise<number> {
		return (await this.#request({ do: "peak" })).bytes as number;
	}

	/** CPU seconds that the process has used so far; undefined where that is not known. */
	cpuSeconds(): number | undefined {
		return processCpuSeconds(this.#child.pid ?? 0);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null || !this.#child.pid) return;
		const exit = once(this.#child, "exit");
		this.#child.stdin?.end(`${JSON.stringify({ do: "end" })}\n`);
		const kill = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
		await exit;
		clearTimeout(kill);
	}

	async #request(request: object): Promise<Record<string, unknown>> {
		this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
		return await this.#answer();
	}

	async #answer(): Promise<Record<string, unknown>> {
		const next = await this.#answers.next();
		if (next.done) {
			throw new Error(
				`side ${this.name} ended without an answer; its last lines:\n${this.#stderr.join("\n")}`,
			);
		}
		const message = JSON.parse(next.value) as Record<string, unknown>;
		if (message.error) throw new Error(`side ${this.name}: ${message.error}`);
		return message;
	}
}

/**
 * OPENBLAS_* choose kernels for NumPy (some machines set slow ones to be safe); torch has its own.
 * Removed, so that a setting of this machine slows no rival.
 */
function withoutOpenBlas(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("OPENBLAS_")));
}

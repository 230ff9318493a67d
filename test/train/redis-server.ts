import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.js";

/** Path of redis-server, where there is one; `npm test` installs it. */
export const redisProgram: string | undefined =
	process.env.HEADSCOPE_REDIS_SERVER ??
	(spawnSync("redis-server", ["--version"]).status === 0 ? "redis-server" : undefined);

/** A Redis of the test's own, which writes down each command before it answers. */
export class RedisServer {
	private process: ChildProcess | undefined;

	private constructor(
		private readonly program: string,
		private readonly port: number,
		private readonly folder: string,
	) {}

	static async start(program: string): Promise<RedisServer> {
		const folder = await mkdtemp(join(tmpdir(), "headscope-redis-"));
		const server = new RedisServer(program, await freePort(), folder);
		await server.up();
		return server;
	}

	get url(): string {
		return `redis://127.0.0.1:${this.port}`;
	}

	async up(): Promise<void> {
		const settings = {
			...{ port: String(this.port), bind: "127.0.0.1", dir: this.folder, save: "" },
			...{ appendonly: "yes", appendfsync: "always" },
		};
		const args = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
		this.process = spawn(this.program, args, { stdio: "ignore" });
		for (let i = 0; !(await answers(this.port)); i++) {
			if (i === 100 || this.process.exitCode !== null) throw new Error("Redis did not start");
			await new Promise((done) => setTimeout(done, 100));
		}
	}

	async down(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
		const server = this.process;
		if (!server || server.exitCode !== null || server.signalCode !== null) return;
		const ended = new Promise((done) => server.once("exit", done));
		server.kill(signal);
		await ended;
	}

	/** Stops to answer, with its connections open, as a machine that is out of reach. */
	freeze(): void {
		this.process?.kill("SIGSTOP");
	}

	thaw(): void {
		this.process?.kill("SIGCONT");
	}

	async stop(): Promise<void> {
		this.thaw();
		await this.down();
		await rm(this.folder, { recursive: true });
	}
}

/** Whether it takes commands; while it reads its file it answers that it is loading. */
function answers(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = createConnection(port, "127.0.0.1", () => socket.write("PING\r\n"));
		socket.once("data", (data) => {
			resolve(data.toString().startsWith("+PONG"));
			socket.destroy();
		});
		socket.once("error", () => resolve(false));
	});
}

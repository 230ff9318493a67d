import { type ChildProcess, spawn } from "node:child_process";
import { freePort } from "./free-port.js";

/** Starts moto's S3 server and waits until it answers. */
export async function startMoto(program: string): Promise<{ url: string; stop(): Promise<void> }> {
	const port = await freePort();
	const server: ChildProcess = spawn(program, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
	const ended = new Promise<void>((done) => server.once("exit", () => done()));
	const url = `http://127.0.0.1:${port}`;
	for (let i = 0; ; i++) {
		const answer = await fetch(url).catch(() => undefined);
		if (answer) break;
		if (i === 200 || server.exitCode !== null) throw new Error(`moto did not start (${server.exitCode})`);
		await new Promise((done) => setTimeout(done, 100));
	}
	return {
		url,
		async stop() {
			server.kill();
			await ended;
		},
	};
}

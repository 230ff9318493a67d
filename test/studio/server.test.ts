import { request } from "node:http";
import { createConnection } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { nodeHost } from "../../src/studio/server/host-node.js";
import { MOST_MESSAGE, type StudioServer, serveStudio } from "../../src/studio/server/serve-node.js";
import { connectSocket } from "../../src/studio/transport/socket.js";
import { fromBytes, toBytes } from "../../src/studio/transport/wire.js";

let server: StudioServer;

beforeAll(async () => {
	server = await serveStudio({ host: nodeHost({ models: ["demo"], versions: {} }) });
});
afterAll(async () => {
	await server[Symbol.asyncDispose]();
});

interface Answer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly body: string;
}

/** A request whose path goes out as it is, which `fetch` would tidy up. */
function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const asked = request({ host: "127.0.0.1", port: server.port, path, headers, method }, (response) => {
			let body = "";
			response.setEncoding("utf8");
			response.on("data", (part) => {
				body += part;
			});
			response.on("end", () =>
				resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
			);
		});
		asked.on("error", reject);
		asked.end();
	});
}

/** How a socket's opening ends: "open", or the error's message. */
function knock(query: string, headers: Record<string, string>): Promise<string> {
	return new Promise((resolve) => {
		const socket = new WebSocket(`ws://127.0.0.1:${server.port}/socket${query}`, { headers });
		socket.on("open", () => {
			socket.terminate();
			resolve("open");
		});
		socket.on("error", ({ message }) => resolve(message));
	});
}

const own = (): string => `http://127.0.0.1:${server.port}`;
const admitted = (): WebSocket =>
	new WebSocket(`ws://127.0.0.1:${server.port}/socket?token=${server.token}`, { headers: { Origin: own() } });

describe("who may ask", () => {
	test("nobody on another interface of this machine", async () => {
		const others = Object.values(networkInterfaces())
			.flat()
			.filter((one) => one && !one.internal && one.family === "IPv4")
			.map((one) => one?.address ?? "");
		// 127.0.0.2 is this machine too, and not the address that is listened on
		for (const host of [...others, "127.0.0.2"]) {
			const outcome = await new Promise<string>((resolve) => {
				const socket = createConnection({ host, port: server.port });
				socket.on("connect", () => resolve("connected"));
				socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
			});
			expect(outcome, host).toBe("ECONNREFUSED");
		}
	});

	test("no page whose host name points here", async () => {
		expect(await get("/", { Host: "evil.example" })).toMatchObject({ status: 403 });
		expect(await get("/", { Host: `evil.example:${server.port}` })).toMatchObject({ status: 403 });
		expect(await get("/", { Host: `localhost:${server.port}` })).toMatchObject({ status: 200 });
	});

	test("no page of another origin", async () => {
		expect(await get("/", { Origin: "https://evil.example" })).toMatchObject({ status: 403 });
		expect(await get("/", { Origin: "null" })).toMatchObject({ status: 403 });
		expect(await get("/", { Origin: own() })).toMatchObject({ status: 200 });
	});

	test("no socket without the token, of another origin or of none", async () => {
		const token = `?token=${server.token}`;
		expect(await knock(token, { Origin: own() })).toBe("open");
		expect(await knock("", { Origin: own() })).toMatch("403");
		expect(await knock(`?token=${"x".repeat(server.token.length)}`, { Origin: own() })).toMatch("403");
		expect(await knock(token, { Origin: "https://evil.example" })).toMatch("403");
		expect(await knock(token, {})).toMatch("403");
	});

	test("tokens are long, and new each time", async () => {
		await using other = await serveStudio({ host: nodeHost({ models: ["demo"], versions: {} }) });
		expect(other.token).not.toBe(server.token);
		expect(Buffer.from(server.token, "base64url").length).toBe(24);
		expect(server.url).toContain(server.token);
	});

	test("nobody writes", async () => {
		for (const method of ["POST", "PUT", "DELETE"]) {
			expect(await get("/", {}, method)).toMatchObject({ status: 405 });
		}
	});
});

describe("what is served", () => {
	test.each([
		"/../package.json",
		"/../../package.json",
		"/models/demo/../../../package.json",
		"/models/demo/..%2f..%2f..%2fpackage.json",
		"/models/demo/%2e%2e/%2e%2e/package.json",
		"/models/demo/..\\..\\package.json",
		"/models/demo/%00",
		"/models/demo",
		"/ort/ort.wasm.min.mjs",
		"/ort/../package.json",
		"//etc/passwd",
		"/%",
		"/etc/passwd",
	])("nothing outside the studio's files: %s", async (path) => {
		const { status, body } = await get(path);
		expect(status).toBe(404);
		expect(body).toBe("there is no such file");
	});

	test("the page's files, with a policy that lets WASM be compiled and nothing be evaluated", async () => {
		const { status, headers, body } = await get("/");
		expect(status).toBe(200);
		expect(body).toContain("headscope studio");
		const policy = String(headers["content-security-policy"]);
		expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
		expect(policy).toContain("default-src 'none'");
		expect(policy).toContain("frame-ancestors 'none'");
		expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*(?!\.)/);
		expect(headers["cross-origin-embedder-policy"]).toBe("require-corp");
		expect(headers["x-content-type-options"]).toBe("nosniff");
	});

	test("ranges of weights", async () => {
		const whole = await get("/models/demo/model.safetensors", { Range: "bytes=0-7" });
		expect(whole.status).toBe(206);
		expect(whole.headers["content-length"]).toBe("8");
		const far = await get("/models/demo/model.safetensors", { Range: "bytes=99999999999-" });
		expect(far.status).toBe(416);
	});
});

describe("what a socket may send", () => {
	const closing = (socket: WebSocket): Promise<number> =>
		new Promise((resolve) => socket.on("close", (code) => resolve(code)));
	const opened = (socket: WebSocket): Promise<unknown> =>
		new Promise((resolve) => socket.on("open", resolve));
	const ask = async (message: unknown): Promise<{ error?: { message: string }; value?: unknown }> => {
		const socket = admitted();
		await opened(socket);
		socket.send(toBytes(message));
		const answer = await new Promise<Buffer>((resolve) =>
			socket.on("message", (data: Buffer) => resolve(data)),
		);
		socket.terminate();
		return fromBytes(answer) as never;
	};

	test("no message above the limit", async () => {
		const socket = admitted();
		await opened(socket);
		socket.send(new Uint8Array(MOST_MESSAGE + 1));
		expect(await closing(socket)).toBe(1009);
	});

	test.each([
		["text", "hello"],
		["bytes that are no message", new Uint8Array([0xc1, 0xff])],
	])("no %s", async (_, data) => {
		const socket = admitted();
		await opened(socket);
		socket.send(data);
		expect(await closing(socket)).toBe(1007);
	});

	test("messages that are no call are ignored, wrong calls are answered, and the server goes on", async () => {
		expect((await ask({ id: 1, method: "constructor", params: {} })).error?.message).toMatch(
			'no method "constructor"',
		);
		expect((await ask({ id: 1, method: "__proto__", params: {} })).error?.message).toMatch("no method");
		expect((await ask({ id: 1, method: "look", params: { model: 7 } })).error?.message).toMatch("look:");
		const socket = admitted();
		await opened(socket);
		for (const message of [null, 7, "x", [], {}, { id: {} }, { id: 3, cancel: true }])
			socket.send(toBytes(message));
		socket.send(toBytes({ id: 9, method: "hello", params: {} }));
		const answer = await new Promise<Buffer>((resolve) => {
			socket.on("message", (data: Buffer) => {
				if ((fromBytes(data) as { id: number }).id === 9) resolve(data);
			});
		});
		expect(fromBytes(answer)).toMatchObject({ id: 9, value: { models: ["demo", "demo-llama"] } });
		socket.terminate();
	});

	test("no model beside those that were named", async () => {
		const open = (ref: string): Promise<{ error?: { message: string } }> =>
			ask({ id: 1, method: "open", params: { ref } });
		for (const ref of ["/etc", "../other", "owner/name", "file:///etc/passwd", "demo@x"]) {
			expect((await open(ref)).error?.message).toContain(`model "${ref}", allowed demo, demo-llama`);
		}
	});

	test("no autoencoder beside those that were named", async () => {
		const experiment = {
			model: "demo",
			prompts: ["moon king moon"],
			dictionaries: { "/etc": "/etc" },
			interventions: [{ kind: "sae", dictionary: "/etc", features: "all" }],
			metrics: ["loss"],
		};
		const { value } = await ask({ id: 1, method: "measure", params: { text: JSON.stringify(experiment) } });
		expect(value).toMatchObject({
			metrics: [{ asked: "loss", result: { change: 0 } }],
			refused: [{ why: expect.stringContaining('autoencoder "/etc", allowed none') }],
		});
	});
});

test("a connection that breaks is made again, and calls go on", async () => {
	const reached: boolean[] = [];
	// what a browser adds by itself
	const Plain = globalThis.WebSocket;
	globalThis.WebSocket = class extends WebSocket {
		constructor(address: string) {
			super(address, { headers: { Origin: own() } });
		}
	} as never;
	const connection = connectSocket(`ws://127.0.0.1:${server.port}/socket?token=${server.token}`, (is) =>
		reached.push(is),
	);
	try {
		await connection.call("open", { ref: "demo" });
		server.dropConnections();
		const [found] = await connection.call("look", {
			model: "demo",
			prompts: ["moon king moon"],
			interventions: [],
		});
		expect(found?.tokens.map(({ text }) => text)).toEqual(["moon", "king", "moon"]);
		expect(reached).toEqual([true, false, true]);
	} finally {
		connection.close();
		globalThis.WebSocket = Plain;
	}
});

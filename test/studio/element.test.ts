import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { Tensor, writeSafetensors } from "headscope";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requireBuilt, root } from "../built.js";
import { startBrowser } from "./open-studio.js";

const TOKENS = ["<bos>", " red", "fox\n", "<b>moon</b>", " red"];
const [LAYERS, HEADS, SIZE] = [2, 3, TOKENS.length];

/** Head 1.2 attends to the token before with 0.75, every other head to itself. */
const pattern = new Tensor(
	"float32",
	[LAYERS, HEADS, SIZE, SIZE],
	Float32Array.from({ length: LAYERS * HEADS * SIZE * SIZE }, (_, i) => {
		const [head, query, key] = [Math.floor(i / SIZE ** 2), Math.floor(i / SIZE) % SIZE, i % SIZE];
		const isPrevious = head === LAYERS * HEADS - 1 && query > 0;
		if (!isPrevious) return query === key ? 1 : 0;
		return key === query - 1 ? 0.75 : key === query ? 0.25 : 0;
	}),
);

/** A file as Python's safetensors writes it: names in order of their types' sizes, the header padded with spaces. */
function pythonFile(): Uint8Array {
	// float16 of 0, 0.5 and 1; [head, query, key] = [2, 3, 4]: more keys than queries
	const halves = Uint16Array.from({ length: 24 }, (_, i) => [0x0000, 0x3800, 0x3c00][i % 3] as number);
	const header = JSON.stringify({
		__metadata__: { format: "np" },
		"attentions.0": { dtype: "F16", shape: [2, 3, 4], data_offsets: [0, 48] },
		lengths: { dtype: "I64", shape: [1], data_offsets: [48, 56] },
	});
	const padded = header.padEnd(Math.ceil(header.length / 8) * 8, " ");
	const bytes = new Uint8Array(8 + padded.length + 56);
	new DataView(bytes.buffer).setBigUint64(0, BigInt(padded.length), true);
	bytes.set(new TextEncoder().encode(padded), 8);
	bytes.set(new Uint8Array(halves.buffer), 8 + padded.length);
	return bytes;
}

const PAGE = `<!doctype html><html lang="en"><head><title>patterns</title><script type="module" src="/element.js"></script>
<script type="module" src="/app.js"></script></head><body><main><h1>Patterns</h1>
<headscope-attention id="own" src="own.safetensors" tensor="pattern" tokens='${JSON.stringify(TOKENS).replaceAll("<", "&lt;")}' head="1.2"></headscope-attention>
<headscope-attention id="python" src="python.safetensors"></headscope-attention>
<headscope-attention id="broken" src="broken.safetensors"></headscope-attention>
<headscope-attention id="absent" src="own.safetensors" tensor="nothing"></headscope-attention>
<headscope-attention id="given"></headscope-attention>
</main></body></html>`;
const APP = `
const given = document.getElementById("given");
given.pattern = [[[1, 0], [0.25, 0.75]]];
given.tokens = ["a", "b"];
`;

let server: Server;
let browser: Browser;
let address: string;
const complaints: string[] = [];

beforeAll(async () => {
	requireBuilt();
	const files: Readonly<Record<string, readonly [string, string | Uint8Array]>> = {
		"/": ["text/html", PAGE],
		"/app.js": ["text/javascript", APP],
		"/element.js": ["text/javascript", readFileSync(join(root, "dist/element/index.js"))],
		"/own.safetensors": [
			"application/octet-stream",
			writeSafetensors(
				new Map([
					["other", Tensor.from([1, 2])],
					["pattern", pattern],
				]),
			),
		],
		"/python.safetensors": ["application/octet-stream", pythonFile()],
		"/broken.safetensors": ["application/octet-stream", pythonFile().slice(0, 60)],
	};
	server = createServer(({ url = "" }, answer) => {
		const [type, content] = files[url] ?? [];
		answer.writeHead(content === undefined ? 404 : 200, {
			"content-type": type ?? "text/plain",
			"content-security-policy":
				"default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'none'; require-trusted-types-for 'script'",
		});
		answer.end(content);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
	browser = await startBrowser();
});
afterAll(async () => {
	await browser?.close();
	server?.close();
});

async function open(colorScheme: "light" | "dark" = "light"): Promise<Page> {
	const page = await (await browser.newContext({ colorScheme })).newPage();
	page.on("console", (message) => {
		if (message.type() === "error" && !message.text().includes("favicon")) complaints.push(message.text());
	});
	page.on("pageerror", (error) => complaints.push(String(error)));
	await page.goto(address);
	for (const id of ["own", "python", "given"])
		await page
			.locator(`#${id}`)
			.getByRole("group", { name: /^Attention pattern/ })
			.waitFor();
	return page;
}

/** Red, green and blue of a canvas' pixel. */
const pixel = (canvas: Locator, x: number, y: number): Promise<number[]> =>
	canvas.evaluate(
		(node, [px = 0, py = 0]) => {
			const context = (node as HTMLCanvasElement).getContext("2d") as CanvasRenderingContext2D;
			return [...context.getImageData(px, py, 1, 1).data.slice(0, 3)];
		},
		[x, y],
	);

describe("<headscope-attention> under a strict policy", () => {
	test("shows a tensor of the library's files: the head of its attribute, its values and tokens", async () => {
		const page = await open();
		const own = page.locator("#own");
		expect(await own.getByRole("heading").textContent()).toBe("Head 1.2");
		const tokens = own.getByRole("group", { name: "Tokens" }).getByRole("button");
		// white space is visible, and nothing a token holds is markup
		expect(await tokens.allInnerTexts()).toEqual(["<bos>", "·red", "fox↵", "<b>moon</b>", "·red"]);
		const canvas = own.getByRole("group", { name: /^Attention pattern of head 1.2/ }).locator("canvas");
		const [none, some] = [await pixel(canvas, 4, 0), await pixel(canvas, 0, 1)];
		expect(none).toEqual([0xf7, 0xfb, 0xff]);
		expect(some[0]).toBeLessThan(60);
		await own.getByText("Values as a table").click();
		const row = own.getByRole("table").getByRole("row").nth(2);
		expect(await row.getByRole("cell").allInnerTexts()).toEqual([
			"0.7500",
			"0.2500",
			"0.0000",
			"0.0000",
			"0.0000",
		]);
		await own.getByRole("button", { name: "Head 0.1", exact: true }).click();
		expect(await own.getByRole("heading").textContent()).toBe("Head 0.1");
		expect(await row.getByRole("cell").allInnerTexts()).toContain("1.0000");
		expect(complaints.filter((line) => !line.includes("404"))).toEqual([]);
		await page.close();
	});

	test("tells what is under the pointer, and a click holds a token", async () => {
		const page = await open();
		const own = page.locator("#own");
		const readout = own.getByRole("status");
		const tokens = own.getByRole("group", { name: "Tokens" }).getByRole("button");
		const weights = (): Promise<number[]> =>
			tokens.evaluateAll((all) =>
				all.map((one) => Number((one as HTMLElement).style.getPropertyValue("--weight"))),
			);
		await tokens.nth(2).hover();
		expect(await readout.textContent()).toBe("query 2 fox↵ → key 1 ·red: 0.7500");
		expect(await weights()).toEqual([0, 0.75, 0.25, 0, 0]);
		await tokens.nth(2).click();
		await page.getByRole("heading", { name: "Patterns" }).hover();
		expect(await tokens.nth(2).getAttribute("aria-pressed")).toBe("true");
		expect(await weights()).toEqual([0, 0.75, 0.25, 0, 0]);
		await own.getByRole("button", { name: "Who looks at it" }).click();
		expect(await weights()).toEqual([0, 0, 0.25, 0.75, 0]);
		await tokens.nth(2).press("Escape");
		await page.getByRole("heading", { name: "Patterns" }).hover();
		expect(await tokens.nth(2).getAttribute("aria-pressed")).toBe("false");
		await page.close();
	});

	test("is used by the keyboard alone", async () => {
		const page = await open();
		const own = page.locator("#own");
		const matrix = own.getByRole("group", { name: /^Attention pattern/ });
		await matrix.focus();
		await page.keyboard.press("ArrowUp");
		await page.keyboard.press("ArrowRight");
		await page.keyboard.press("ArrowRight");
		expect(await own.getByRole("status").textContent()).toBe("query 3 <b>moon</b> → key 2 fox↵: 0.7500");
		await page.keyboard.press("Enter");
		const tokens = own.getByRole("group", { name: "Tokens" }).getByRole("button");
		expect(await tokens.nth(3).getAttribute("aria-pressed")).toBe("true");
		await own.getByRole("button", { name: "Head 1.2", exact: true }).press("ArrowLeft");
		expect(await own.getByRole("heading").textContent()).toBe("Head 1.1");
		await page.keyboard.press("ArrowUp");
		expect(await own.getByRole("heading").textContent()).toBe("Head 0.1");
		await page.close();
	});

	test("shows a file that Python wrote, and lists of numbers", async () => {
		const page = await open();
		const python = page.locator("#python");
		expect(await python.getByRole("heading").textContent()).toBe("Head 0");
		expect(await python.getByRole("group", { name: "Queries" }).getByRole("button").count()).toBe(3);
		expect(await python.getByRole("group", { name: "Keys" }).getByRole("button").count()).toBe(4);
		await python.getByText("Values as a table").click();
		expect(await python.getByRole("row").nth(1).getByRole("cell").allInnerTexts()).toEqual([
			"0.0000",
			"0.5000",
			"1.0000",
			"0.0000",
		]);
		const given = page.locator("#given");
		await given.getByRole("button", { name: "b" }).hover();
		expect(await given.getByRole("status").textContent()).toBe("query 1 b → key 1 b: 0.7500");
		expect(await given.getByRole("group", { name: "Heads" }).count()).toBe(0);
		await page.close();
	});

	test("says what is wrong with a file, a tensor's name and tokens", async () => {
		const page = await open();
		const said = (id: string): Promise<string | null> =>
			page.locator(`#${id}`).getByRole("alert").textContent();
		expect(await said("broken")).toMatch(/^broken\.safetensors: /);
		expect(await said("absent")).toBe('own.safetensors: no tensor "nothing"; there are other, pattern');
		await page.locator("#own").evaluate((own) => own.setAttribute("tokens", '["one"]'));
		expect(await said("own")).toBe("1 query and 1 key tokens for a pattern of 5 queries and 5 keys");
		await page.locator("#own").evaluate((own) => own.setAttribute("tokens", "one"));
		expect(await said("own")).toBe("tokens: expected a JSON list of texts");
		const refused = await page.locator("#given").evaluate((given) => {
			try {
				(given as HTMLElement & { pattern: unknown }).pattern = [[0, Number.NaN]];
				return "";
			} catch (error) {
				return String(error);
			}
		});
		expect(refused).toBe("RangeError: entry 1 is NaN, allowed are finite numbers");
		await page.close();
	});

	test.each(["light", "dark"] as const)("has no fault that axe knows, %s", async (scheme) => {
		const page = await open(scheme);
		await page.locator("#own").getByText("Values as a table").click();
		await page.locator("#own").getByRole("button", { name: "<bos>" }).click();
		const ground = await page.locator("#own").evaluate((own) => getComputedStyle(own).backgroundColor);
		expect(ground).toBe(scheme === "dark" ? "rgb(17, 24, 39)" : "rgb(255, 255, 255)");
		const { violations } = await new AxeBuilder({ page }).include("#own").include("#python").analyze();
		expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
		await page.close();
	});
});

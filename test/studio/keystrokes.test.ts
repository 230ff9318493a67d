/** What is typed faster than it is computed: runs of older texts are given up, and the page shows the last text's. */
import { createEngine, type Engine, loadModel, type Model } from "headscope";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeHost } from "../../src/studio/server/host-node.js";
import { cellsOf, eventually, PROMPT, tableOf } from "./heads-page.js";
import { openStudio, serveBuilt, settled, studioOfFile } from "./open-studio.js";

const TYPED = " king red fox moon";
const WHOLE = `${PROMPT}${TYPED}`;

const studio = studioOfFile();
let model: Model;

beforeAll(async () => {
	model = await loadModel("demo");
});
afterAll(() => model?.dispose());

/** Expects that the page shows the whole text: its tokens, and what head 1.3's last query looks at. */
async function expectShown(page: Page): Promise<void> {
	await settled(page);
	const tokens = page.getByRole("list", { name: "Tokens", exact: true }).getByRole("button");
	expect(await tokens.allTextContents()).toEqual(WHOLE.split(" "));
	const name = "blocks.1.attn.hook_pattern";
	const { cache } = await model.runWithCache(WHOLE, { names: name });
	const looks = cache.get(name).select(0).select(3).select(-1).data; // [key]
	await cellsOf(page, "1.3").waitFor();
	await page.locator(".head-large .matrix-table summary").click();
	await page.locator(".head-large .matrix-table tbody tr").first().waitFor();
	const rows = await tableOf(page);
	expect(rows.length).toBeGreaterThan(4);
	for (const [key, , value] of rows)
		expect(Math.abs(Number(value) - Number(looks[Number(key)])), `key ${key}`).toBeLessThan(5e-5);
}

/** A look's run. */
interface LookRun {
	/** The row's ids but the first. */
	readonly ids: readonly number[];
	end: "waits" | "ran" | "given up";
}

/** An engine with a door that looks wait behind while it is shut: somebody types faster than it computes. */
async function engineWithDoor(): Promise<{
	readonly engine: Engine;
	readonly looks: LookRun[];
	shut(): void;
	open(): void;
}> {
	const engine = await createEngine({ threads: 1 });
	const looks: LookRun[] = [];
	let door = Promise.resolve();
	let open = (): void => {};
	const run: Engine["run"] = async (request, options) => {
		const { next, last } = request.feeds;
		if (!next || !last) return engine.run(request, options);
		const look: LookRun = { ids: Array.from(next.data, Number).slice(0, -1), end: "waits" };
		looks.push(look);
		await door;
		try {
			const results = await engine.run(request, options);
			look.end = "ran";
			return results;
		} catch (error) {
			look.end = "given up";
			throw error;
		}
	};
	return {
		engine: Object.create(engine, { run: { value: run } }) as Engine,
		looks,
		shut: () => {
			door = new Promise((resolve) => {
				open = resolve;
			});
		},
		open: () => open(),
	};
}

test("on an engine in Node a keystroke gives up the runs of those before it, which never begin", async () => {
	const { engine, looks, shut, open } = await engineWithDoor();
	try {
		const host = nodeHost({ models: [], versions: {}, loadModel: (ref) => loadModel(ref, { engine }) });
		await using server = await serveBuilt({ host });
		const { page, complaints } = await openStudio(studio.browser, `${server.url}#v=1&head=1.3`);
		await settled(page);
		const text = page.getByLabel("Text", { exact: true });
		await text.press("End");
		shut();
		const before = looks.length;
		await text.pressSequentially(TYPED);
		// what a model that was just opened compiles ahead has two tokens
		const typed = (): LookRun[] => looks.slice(before).filter(({ ids }) => ids.length > 1);
		await eventually(() => typed().at(-1)?.ids).toEqual(model.tokenize(WHOLE).ids.slice(1));
		open();
		await expectShown(page);
		// one for each letter that makes other tokens
		expect(typed().length).toBeGreaterThan(4);
		expect(typed().map(({ end }) => end)).toEqual([...Array(typed().length - 1).fill("given up"), "ran"]);
		expect(complaints).toEqual([]);
		await page.close();
	} finally {
		await engine.dispose();
	}
});

/** What a page asks of looks, and how its engine's answers end. */
interface Heard {
	readonly asked: number[];
	readonly cancelled: number[];
	readonly ended: Record<number, string>;
}

test("in the page's own engine a keystroke gives up the runs of those before it", async () => {
	const context = await studio.browser.newContext();
	await context.addInitScript(() => {
		const heard: Heard = { asked: [], cancelled: [], ended: {} };
		Object.assign(globalThis, { heard });
		const Plain = Worker;
		globalThis.Worker = class extends Plain {
			constructor(...given: ConstructorParameters<typeof Worker>) {
				super(...given);
				this.addEventListener("message", ({ data }) => {
					if (heard.asked.includes(data.id)) heard.ended[data.id] = data.error?.name ?? "shown";
				});
			}
			override postMessage(message: { id: number; method?: string; cancel?: true }, ...rest: [never]): void {
				if (message.method === "look") heard.asked.push(message.id);
				if (message.cancel) heard.cancelled.push(message.id);
				super.postMessage(message, ...rest);
			}
		};
	});
	const url = `${studio.server.url}#v=1&head=1.3`;
	const { page, complaints } = await openStudio(context as unknown as Browser, url);
	await settled(page);
	const heard = (): Promise<Heard> => page.evaluate(() => (globalThis as unknown as { heard: Heard }).heard);
	const before = (await heard()).asked.length;
	// a space alone makes no other tokens: that look is there already
	const texts = [...TYPED].map((_, i) => WHOLE.slice(0, PROMPT.length + i + 1)).slice(1);
	// all in one task
	await page.getByLabel("Text", { exact: true }).evaluate((area, given) => {
		for (const text of given) {
			(area as HTMLTextAreaElement).value = text;
			area.dispatchEvent(new Event("input", { bubbles: true }));
		}
	}, texts);
	await expectShown(page);
	const { asked, cancelled, ended } = await heard();
	const typed = asked.slice(before);
	expect(typed).toHaveLength(texts.length);
	const [newest = -1, ...older] = typed.reverse();
	expect(cancelled).toEqual(expect.arrayContaining(older));
	// the engine has a thread of its own, and may be done with one before the next letter is told
	const ends = older.map((id) => ended[id]);
	expect(ends).toContain("AbortError");
	expect(ends.filter((end) => end !== "AbortError" && end !== "shown")).toEqual([]);
	expect(ended[newest]).toBe("shown");
	expect(complaints).toEqual([]);
	await context.close();
});

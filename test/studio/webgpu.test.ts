/** The page on WebGPU, which SwiftShader computes here, held against WASM and against Node. */
import { loadModel, Tensor } from "headscope";
import { ablateHeads, attributionPatching, patchActivations } from "headscope/causal";
import { directAttribution, logitLens } from "headscope/lens";
import { expect, test } from "vitest";
import { addressOf, expectMap, heatMap } from "./heat-maps.js";
import { openStudio, settled, startBrowser, studioOfFile } from "./open-studio.js";

/** A software GPU takes seconds for what it has not computed before: most of it translates shaders. */
const LONG = 240_000;

const studio = studioOfFile({ webgpu: true });

test(
	"WebGPU gives what WASM gives",
	async () => {
		const shares: number[][] = [];
		for (const engine of ["webgpu", "wasm"]) {
			const { page } = await openStudio(studio.browser, `${studio.server.url}?engine=${engine}`);
			expect(await page.getByRole("status").first().textContent()).toMatch(
				engine === "webgpu" ? /^WebGPU$/ : /^WASM/,
			);
			await page.getByRole("button", { name: "Head 0.1", exact: true }).press("x");
			await settled(page);
			const rows = page.getByRole("region", { name: "Next token" }).getByRole("row", { name: "king" });
			await rows.getByRole("cell").nth(1).waitFor();
			shares.push((await rows.getByRole("cell").allTextContents()).map(Number));
			await page.close();
		}
		const [gpu = [], wasm = []] = shares;
		expect(gpu).toHaveLength(2);
		for (const [i, share] of gpu.entries()) expect(share).toBeCloseTo(wasm[i] as number, 3);
	},
	LONG,
);

test(
	"sweeps, the lens and attribution on WebGPU give Node's numbers",
	async () => {
		await using model = await loadModel("demo");
		const [prompt, corrupt] = ["red fox moon red fox", "red moon fox red fox"];
		const prompts = [prompt, corrupt];
		const tokens = { answers: "moon", wrong: "red" };
		const sweeps = { ...tokens, live: true };
		const address = (scene: Readonly<Record<string, unknown>>): string =>
			addressOf(`${studio.server.url}?engine=webgpu`, { prompts, ...scene });
		const { page, complaints } = await openStudio(
			studio.browser,
			address({ prompts: [prompt], view: "sweeps", views: { sweeps } }),
		);
		expect(await page.getByRole("status").first().textContent()).toBe("WebGPU");
		/** Goes on in the same page, whose engine has its shaders by now. */
		const go = (scene: Readonly<Record<string, unknown>>): Promise<void> =>
			page.evaluate(
				(hash) => {
					location.hash = hash;
				},
				new URL(address(scene)).hash,
			);

		const ablated = heatMap(page, /Zero ablation/);
		const swept = page.locator(".sweep-status [role=status]").filter({ hasText: "follows the text" });
		await swept.waitFor({ timeout: LONG });
		const metric = { kind: "log-probability", answers: "moon" } as const;
		await expectMap(ablated, (await ablateHeads(model, { prompts: prompt, metric })).change);

		await go({ view: "sweeps", views: { sweeps: { ...sweeps, sweep: "patch" } } });
		const estimated = heatMap(page, /Attribution patching/);
		await estimated.waitFor({ timeout: LONG });
		await swept.waitFor({ timeout: LONG });
		const pair = { clean: prompt, corrupt, metric: { kind: "logit-difference", ...tokens } } as const;
		await expectMap(heatMap(page, /^Patching resid_pre/), (await patchActivations(model, pair)).effects);
		const found = await attributionPatching(model, { ...pair, at: ["resid_pre"] });
		const estimate = found.points.get("resid_pre") as Tensor<"float64">;
		for (const [i, value] of estimate.data.entries())
			estimate.data[i] = value / (found.clean - found.corrupt);
		await expectMap(estimated, estimate);

		const interventions = [{ kind: "zero", heads: ["0.1"] }] as const;
		const changes = interventions.map((data) => ({ on: true, data }));
		await go({ prompts: [prompt], view: "lens", changes });
		for (const [title, run] of [
			[/^Unchanged/, {}],
			[/^Changed/, { interventions }],
		] as const) {
			const map = heatMap(page, title);
			await map.waitFor({ timeout: LONG });
			const { top } = await logitLens(model, prompt, { top: 1, run });
			if (!top) throw new Error("a lens without tokens");
			const [points = 0, , pos = 0] = top.logProbs.shape;
			await expectMap(map, new Tensor("float32", [points, pos], top.logProbs.data.map(Math.exp)));
		}

		const lens = { reading: "attribution", answer: "moon", wrong: "red" };
		await go({ prompts: [prompt], view: "lens", views: { lens } });
		const heads = heatMap(page, /heads/);
		await heads.waitFor({ timeout: LONG });
		const { parts, values } = await directAttribution(model, prompt, {
			...tokens,
			positions: -1,
			by: "head",
		});
		const { nLayers, nHeads } = model.config;
		const wanted = parts.flatMap(({ kind }, i) => (kind === "head" ? [values.at(i, 0, 0)] : []));
		await expectMap(heads, new Tensor("float32", [nLayers, nHeads], Float32Array.from(wanted)));
		expect(complaints).toEqual([]);
		await page.close();
	},
	2 * LONG,
);

test(
	"where a browser has no WebGPU the page computes with WASM and says why",
	async () => {
		const plain = await startBrowser();
		try {
			const { page } = await openStudio(plain, `${studio.server.url}?engine=webgpu`);
			expect(await page.getByRole("status").first().textContent()).toMatch(
				/^WASM, \d+ threads?; no WebGPU: \S/,
			);
			await page.getByRole("button", { name: "Head 0.1", exact: true }).press("x");
			await settled(page);
			await page.getByRole("button", { name: "Head 0.1, ablated", exact: true }).waitFor();
			await page.close();
		} finally {
			await plain.close();
		}
	},
	LONG,
);

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FiguresResult } from "../../src/cli/actions/icl/figures.js";
import { initialWeights, regressionConfig } from "../../src/models/regression/index.js";

import { writeSafetensors } from "../../src/weights/index.js";
import { Folder, runCli, runJson } from "./run-cli.js";

/** A folder with an untrained run of one layer and one head, small enough to draw in a second. */
function runFolder(folder: Folder, name: string, numTasks: number | "inf"): string {
	const task_config = {
		...{ task_size: 2, max_examples: 3, num_tasks: numTasks, noise_variance: 0.125 },
		...{ embed_size: 8, mlp_size: 8, num_heads: 1, num_layers: 1 },
	};
	const path = folder.at(name);
	mkdirSync(path);
	writeFileSync(join(path, "run.json"), JSON.stringify({ task_config, num_steps: 100 }));
	writeFileSync(
		join(path, "40.safetensors"),
		writeSafetensors(initialWeights(regressionConfig(task_config), 0)),
	);
	return path;
}

let folder: Folder;
beforeAll(() => {
	folder = new Folder();
});
afterAll(() => folder[Symbol.dispose]());

const LOCATIONS = [
	...[
		"x.T",
		"y.T",
		"attention",
		"token_sequence_transformer.T",
		"token_sequence_transformer.token_embedding",
	],
	...[
		...["", ".attention", ".attention.attention", ".attention.attention_softmax", ".compute.0", ".compute.1"],
		...[".compute.2", ".layer_norms.0", ".layer_norms.1", ".resid_after_attn"],
	].map((name) => `token_sequence_transformer.blocks.0${name}`),
	...["unembedding.0", "unembedding.1.T"].map((name) => `token_sequence_transformer.${name}`),
].map((name) => `${name}.png`);

test("draws every location of every sample, the overviews, the inputs and a comparison", async () => {
	const [run, other] = [runFolder(folder, "one", 1), runFolder(folder, "many", 64)];
	const out = folder.at("figures");
	const result = await runJson<FiguresResult>("icl", "figures", run, "--out", out, "--compare", other);
	expect(result).toMatchObject({ step: 40, batch: "trick", samples: 2 });
	expect(result.folder).toBe(join(out, "M=1", "across-x-basis-w=0"));
	expect(result.tasks).toEqual([[expect.any(Number), expect.any(Number)]]);
	expect(readdirSync(result.folder).sort()).toEqual(["0", "1", "overview", "x_trick.T.png", "y_trick.png"]);
	for (const inside of ["0", "1", "overview"]) {
		expect(readdirSync(join(result.folder, inside)).sort()).toEqual(LOCATIONS.toSorted());
	}
	const written = readdirSync(out, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
	expect(result.files.toSorted()).toEqual(written.map((file) => join(file.parentPath, file.name)).sort());
	expect(result.files).toContain(join(out, "comparison.png"));
	for (const file of result.files) {
		const { width, height } = pngSize(file);
		expect(Math.min(width, height), file).toBeGreaterThan(100);
	}
	// the samples differ, so their figures do
	const pixels = (sample: string): Buffer => readFileSync(join(result.folder, sample, "x.T.png"));
	expect(pixels("0").equals(pixels("1"))).toBe(false);
}, 60_000);

test("draws sequences of the run's tasks or of Gaussian ones, and says what it wrote", async () => {
	const run = runFolder(folder, "gaussian", "inf");
	const draw = async (out: string, ...more: string[]) => {
		const ran = await runCli("icl", "figures", run, "--out", folder.at(out), "--samples", "1", ...more);
		expect(ran.code, ran.stderr).toBe(0);
		return ran.stdout;
	};
	const stdout = await draw("a", "--batch", "true");
	expect(stdout).toContain(`${folder.at("a", "M=inf", "true", "{0,overview}")}:\n  x.T.png\n`);
	expect(stdout).toMatch(/\n34 files, \d.* [kM]B\n$/);
	await draw("c", "--batch", "pretrain", "--seed", "7");
	const x = (...path: string[]): Buffer => readFileSync(folder.at(...path, "0", "x.T.png"));
	expect(x("a", "M=inf", "true").equals(x("c", "M=inf", "pretrain"))).toBe(false);
}, 60_000);

test("refuses what it cannot draw, before anything is written", async () => {
	const [table, gaussian] = [runFolder(folder, "table", 4), runFolder(folder, "no-table", "inf")];
	const refused = async (...argv: string[]): Promise<string> => {
		const { code, stderr } = await runCli("icl", "figures", ...argv, "--out", folder.at("none"));
		expect(code).not.toBe(0);
		return stderr;
	};
	expect(await refused(gaussian)).toContain("--batch trick: the run has no table of tasks");
	expect(await refused(table, "--samples", "3")).toContain(
		"--samples: got 3, allowed 1..2 (task_size) for --batch trick",
	);
	expect(await refused(table, "--batch", "mine")).toContain("Allowed choices are trick, pretrain, true");
	expect(await refused(table, "--compare", folder.at("nowhere"))).toMatch(/nowhere/);
	expect(existsSync(folder.at("none", "M=4", "across-x-basis-w=0", "0", "x.T.png"))).toBe(false);
});

/** Size of a PNG, from its header. */
function pngSize(file: string): { width: number; height: number } {
	const bytes = readFileSync(file);
	expect(bytes.subarray(1, 4).toString("latin1")).toBe("PNG");
	return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

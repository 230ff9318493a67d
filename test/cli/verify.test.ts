import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { VerifyResult } from "../../src/cli/actions/verify.js";
import { Tensor } from "../../src/tensor/index.js";
import { CHECKS } from "../../src/verify/index.js";
import { writeSafetensors } from "../../src/weights/index.js";
import { referencePath, referenceTensors } from "../reference-data.js";
import { Folder, runCli, runJson } from "./run-cli.js";

const LLAMA = referencePath("lm", "models", "rand-llama");

/** Hugging Face's numbers as the snippet writes them, without the parts of the layers. */
async function writeReference(path: string, change = 0): Promise<void> {
	const stored = await referenceTensors("lm", "models", "rand-llama", "reference.safetensors");
	const stack = (name: string, count: number): Tensor => {
		const parts = Array.from({ length: count }, (_, i) => stored.get(`${name}.${i}`) as Tensor);
		const numbers = parts.flatMap(({ data }) => Array.from(data, Number));
		return new Tensor("float32", [count, ...(parts[0] as Tensor).shape], Float32Array.from(numbers));
	};
	const states = stack("hf.hidden_states", 4);
	// a number of layer 1's output
	states.data[2 * (states.size / 4)] = Number(states.data[2 * (states.size / 4)]) + change;
	const tensors = new Map<string, Tensor>([
		["input_ids", stored.get("input_ids") as Tensor],
		["logits", stored.get("hf.logits") as Tensor],
		["hidden_states", states],
		["attentions", stack("hf.attentions", 3)],
	]);
	writeFileSync(path, writeSafetensors(tensors));
}

test("verifies the demo model, as JSON and as text", async () => {
	const json = await runJson<VerifyResult>("verify");
	expect(json).toMatchObject({ model: "demo", architecture: "gpt2", reference: null, passed: true });
	expect(json.findings.map(({ check }) => check)).toEqual(
		CHECKS.map(({ name }) => name).filter((n) => n !== "reference"),
	);
	expect(json.findings.filter(({ status }) => status === "failed")).toEqual([]);
	const { stdout, stderr, code } = await runCli("verify");
	expect(code).toBe(0);
	expect(stderr).toBe("");
	for (const { check, status } of json.findings)
		expect(stdout).toMatch(new RegExp(`^${check} +${status} `, "m"));
	expect(stdout).toMatch(/No fault found: \d checks could be judged and passed\./);
	expect(stdout).toContain("What these checks see:");
	expect(stdout).toContain("a wrong RoPE base");
	expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(110);
});

test("compares with a reference, and ends with 1 and the place where it differs", async () => {
	using folder = new Folder();
	await writeReference(folder.at("good.safetensors"));
	const good = await runJson<VerifyResult>("verify", LLAMA, "--reference", folder.at("good.safetensors"));
	expect(good.findings[0]).toMatchObject({ check: "reference", status: "passed" });
	expect(good.cannotSee.join()).toContain("beyond the reference's prompt");

	await writeReference(folder.at("bad.safetensors"), 0.01);
	const args = [
		"verify",
		LLAMA,
		"--reference",
		folder.at("bad.safetensors"),
		"--checks",
		"reference,softmax",
	];
	const { code, stdout, stderr } = await runCli(...args);
	expect(code).toBe(1);
	expect(stdout).toMatch(
		/^reference +failed +layer 1: first in forward order hidden_states\[2\]: off by 0\.01, allowed/m,
	);
	expect(stdout).toContain("1 of 2 checks failed; the first fault: layer 1.");
	expect(stderr).toBe(`headscope: ${LLAMA}: 1 of 2 checks failed: reference\n`);
	const json = await runCli(...args, "--json");
	expect(json.code).toBe(1);
	expect(JSON.parse(json.stdout)).toMatchObject({ passed: false, place: "layer 1" });
	expect((await runCli(...args, "--tolerance", "0.02")).code).toBe(0);
});

test("prints the Python program that makes a reference", async () => {
	const { stdout, code } = await runCli("verify", "owner/name", "--snippet");
	expect(code).toBe(0);
	expect(stdout.trimEnd().split("\n").length).toBeLessThanOrEqual(13);
	expect(stdout).toContain('from_pretrained("owner/name", dtype=torch.float32');
	const gguf = await runCli("verify", "models/a.gguf", "--snippet");
	expect(gguf.stdout).toContain('from_pretrained("models", gguf_file="a.gguf", dtype=');
	const demo = await runCli("verify", "--snippet");
	expect(demo.stdout).toContain("assets/demo");
	const help = await runCli("verify", "--help");
	for (const line of stdout.trimEnd().split("\n").slice(0, 3)) expect(help.stdout).toContain(line);
});

test("what cannot be followed ends with 2 and names the option", async () => {
	using folder = new Folder();
	writeFileSync(folder.at("broken.safetensors"), "no such thing");
	writeFileSync(folder.at("short.txt"), "red fox");
	writeFileSync(folder.at("other.safetensors"), writeSafetensors(new Map([["x", Tensor.from([1])]])));
	const refused: readonly (readonly [readonly string[], string])[] = [
		[["--reference", folder.at("missing.safetensors")], "there is no such file"],
		[["--reference", folder.at("broken.safetensors")], "--reference"],
		[["--reference", folder.at("other.safetensors")], 'unknown tensor "x"'],
		[["--text-file", folder.at("short.txt")], "--text-file: 2 tokens"],
		[["--checks", "casuality"], '--checks: no check "casuality"'],
		[["--checks", "reference"], "--checks"],
		[["--tolerance", "0"], "--tolerance"],
	];
	for (const [options, words] of refused) {
		const { code, stdout, stderr } = await runCli("verify", "demo", ...options);
		expect([code, stdout], options.join(" ")).toEqual([2, ""]);
		expect(stderr).toContain(words);
		expect(stderr).toMatch(/^headscope: [^\n]+\n$/);
	}
	await writeReference(folder.at("llama.safetensors"));
	const wrong = await runCli("verify", "demo", "--reference", folder.at("llama.safetensors"));
	expect([wrong.code, wrong.stderr]).toEqual([
		2,
		expect.stringContaining("--reference: hidden_states has 4 entries"),
	]);
});

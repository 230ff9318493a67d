/** A model of the hub on the command line: fetched once, with what is told on stderr; then taken from the cache. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { InductionResult } from "../../src/cli/actions/induction.js";
import type { InfoResult } from "../../src/cli/actions/info.js";
import { COMMIT, type HubServer, startHub } from "../weights/hub-server.js";
import { Folder, runCli, runJson } from "./run-cli.js";

const NAMES = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
let hub: HubServer;
let home: Folder;

beforeAll(async () => {
	hub = await startHub(new Map(NAMES.map((name) => [name, readFileSync(`assets/demo/${name}`)])));
	home = new Folder();
});
afterAll(async () => {
	vi.unstubAllEnvs();
	await hub.close();
	home[Symbol.dispose]();
});
beforeEach(() => {
	for (const name of ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN_PATH", "HF_HUB_OFFLINE"])
		vi.stubEnv(name, undefined);
	vi.stubEnv("HF_ENDPOINT", hub.url);
	vi.stubEnv("HF_HOME", home.path);
	vi.stubEnv("HF_TOKEN", "hf_of_a_test");
	hub.requests.length = 0;
});

test("is asked for with the user's token and fetched into the shared cache, and gives the demo's ranking", async () => {
	const { architecture } = await runJson<InfoResult>("info", "owner/tiny");
	expect(architecture).toBe("gpt2");
	expect(hub.authorization).toBe("Bearer hf_of_a_test");
	expect(readFileSync(home.at("hub/models--owner--tiny/refs/main"), "utf8")).toBe(COMMIT);
	hub.requests.length = 0;
	const fetched = await runJson<InductionResult>("induction", "owner/tiny", "--samples", "4");
	const { ranking } = await runJson<InductionResult>("induction", "--samples", "4");
	expect(fetched.ranking).toEqual(ranking);
	// what is there already is not fetched again
	expect(hub.requests.filter((request) => request.includes("/resolve/"))).toEqual([]);
});

test("is taken from the cache with --offline, by branch and by commit", async () => {
	for (const revision of ["main", COMMIT]) {
		const { model } = await runJson<InfoResult>("info", "owner/tiny", "--offline", "--revision", revision);
		expect(model).toBe("owner/tiny");
	}
	expect(hub.requests).toEqual([]);
});

test.each([
	[["--revision", "nowhere"], 'no such model or revision ("nowhere")'],
	[["--offline", "--revision", "nowhere"], 'revision "nowhere" is not in the cache'],
	[["--revision", "../main"], "is not a branch, tag or commit"],
])("%j fails with one line", async (options, words) => {
	const { code, stdout, stderr } = await runCli("info", "owner/tiny", ...options);
	expect([code, stdout]).toEqual([1, ""]);
	expect(stderr).toMatch(/^headscope: owner\/tiny: [^\n]+\n$/);
	expect(stderr).toContain(words);
});

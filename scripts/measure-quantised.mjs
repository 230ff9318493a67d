// Memory and speed of a GGUF model whose weights stay in the file's blocks, beside the same file as float32: what
// docs/models.md states. Each way is a process of its own. Build first.
//
//   node scripts/measure-quantised.mjs [MODEL.gguf] [--threads N]
//
// Without a model one of 1.1 billion parameters is made, in the shapes of TinyLlama and the types of Q4_K_M, with zeros for
// weights: a hole in a file, which is read like any other.

import { spawnSync } from "node:child_process";
import { ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadModel } from "../dist/index.js";

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { threads: { type: "string", default: "2" }, held: { type: "string" } },
});
const LENGTH = 64;
const ROUNDS = 7;

if (values.held) await measure(positionals[0], values.held);
else {
	const folder = positionals[0] ? undefined : mkdtempSync(join(tmpdir(), "headscope-"));
	try {
		const file = positionals[0] ?? makeModel(join(folder, "model.gguf"));
		for (const held of ["default", "quantised", "bound"]) {
			const options = [file, "--held", held, "--threads", values.threads];
			const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...options], {
				stdio: ["ignore", "pipe", "inherit"],
				encoding: "utf8",
			});
			console.log(child.stdout.trim() || `${held}: ended with ${child.status ?? child.signal}`);
		}
	} finally {
		if (folder) rmSync(folder, { recursive: true });
	}
}

/** Loads the model one way, runs logits of 1 x 64 tokens and a gradient-free look at the patterns, and prints a line. */
async function measure(file, held) {
	const start = performance.now();
	const model = await loadModel(file, {
		...(held !== "default" && { weights: held }),
		engineOptions: { threads: Number(values.threads) },
	});
	const loaded = performance.now() - start;
	const afterLoad = process.resourceUsage().maxRSS;
	const ids = [Array.from({ length: LENGTH }, (_, i) => (7919 * i + 17) % model.config.vocab)];
	await model.run(ids);
	const times = [];
	for (let i = 0; i < ROUNDS; i++) {
		const before = performance.now();
		await model.run(ids);
		times.push(performance.now() - before);
	}
	times.sort((a, b) => a - b);
	const afterRuns = process.resourceUsage().maxRSS;
	await model.runWithCache(ids, { names: /hook_pattern$/, logits: false });
	const floats = model.family
		.weights(model.config)
		.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
	const megabytes = (kilobytes) => `${Math.round((kilobytes * 1024) / 1e6)} MB`;
	console.log(
		[
			`${held}: loaded in ${(loaded / 1000).toFixed(1)} s, peak ${megabytes(afterLoad)}`,
			`1x${LENGTH} logits ${times[ROUNDS >> 1].toFixed(0)} ms (${times[0].toFixed(0)} to ${times.at(-1).toFixed(0)})`,
			`peak after runs ${megabytes(process.resourceUsage().maxRSS)} (${megabytes(afterRuns)} without patterns)`,
			`float32 weights ${megabytes(floats / 256)}`,
		].join("; "),
	);
	await model.dispose();
}

/** Writes the header of a model of 1.1 billion parameters and makes the file as long as its tensors are. */
function makeModel(path) {
	const [layers, width, mlp, heads, kvHeads, vocab] = [22, 2048, 5632, 32, 4, 32000];
	const kv = (width / heads) * kvHeads;
	const F32 = { number: 0, elements: 1, bytes: 4 };
	const Q4 = { number: 12, elements: 256, bytes: 144 };
	const Q6 = { number: 14, elements: 256, bytes: 210 };
	const tensors = [
		["token_embd.weight", [width, vocab], Q4],
		["output_norm.weight", [width], F32],
		["output.weight", [width, vocab], Q6],
	];
	for (let layer = 0; layer < layers; layer++) {
		const own = {
			attn_norm: [[width], F32],
			attn_q: [[width, width], Q4],
			attn_k: [[width, kv], Q4],
			attn_v: [[width, kv], Q6],
			attn_output: [[width, width], Q4],
			ffn_norm: [[width], F32],
			ffn_gate: [[width, mlp], Q4],
			ffn_up: [[width, mlp], Q4],
			ffn_down: [[mlp, width], Q6],
		};
		for (const [name, [dims, type]] of Object.entries(own)) {
			tensors.push([`blk.${layer}.${name}.weight`, dims, type]);
		}
	}
	const keys = [
		["general.architecture", text("llama")],
		["llama.block_count", u32(layers)],
		["llama.context_length", u32(2048)],
		["llama.embedding_length", u32(width)],
		["llama.feed_forward_length", u32(mlp)],
		["llama.attention.head_count", u32(heads)],
		["llama.attention.head_count_kv", u32(kvHeads)],
		["llama.attention.layer_norm_rms_epsilon", Buffer.concat([int(6), float(1e-5)])],
		["tokenizer.ggml.model", text("gpt2")],
		["tokenizer.ggml.pre", text("gpt-2")],
		["tokenizer.ggml.tokens", list(8, [string("a")])],
		["tokenizer.ggml.token_type", list(5, [int(1)])],
		["tokenizer.ggml.merges", list(8, [])],
	];
	let end = 0;
	const infos = tensors.map(([name, dims, type]) => {
		const offset = end;
		const size = (dims.reduce((a, b) => a * b, 1) / type.elements) * type.bytes;
		end += Math.ceil(size / 32) * 32;
		return Buffer.concat([string(name), int(dims.length), ...dims.map(long), int(type.number), long(offset)]);
	});
	const head = Buffer.concat([
		...[int(0x46554747), int(3), long(tensors.length), long(keys.length)],
		...keys.flatMap(([name, value]) => [string(name), value]),
		...infos,
	]);
	const file = openSync(path, "w");
	writeSync(file, head);
	ftruncateSync(file, Math.ceil(head.length / 32) * 32 + end);
	return path;
}

function int(value) {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value);
	return bytes;
}

function long(value) {
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64LE(BigInt(value));
	return bytes;
}

function float(value) {
	const bytes = Buffer.alloc(4);
	bytes.writeFloatLE(value);
	return bytes;
}

function string(value) {
	return Buffer.concat([long(Buffer.byteLength(value)), Buffer.from(value)]);
}

/** Metadata values with their kind in front. */
function u32(value) {
	return Buffer.concat([int(4), int(value)]);
}

function text(value) {
	return Buffer.concat([int(8), string(value)]);
}

function list(kind, items) {
	return Buffer.concat([int(9), int(kind), long(items.length), ...items]);
}

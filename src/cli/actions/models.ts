import { DEMO_MODELS } from "../../models/load-model.js";
import { FAMILIES } from "../../models/registry.js";
import type { Cli } from "../cli.js";
import { table } from "../output/table.js";

/** The files that a model can come as. */
const SOURCES = [
	{ name: "folder", what: "config.json, tokenizer.json and model.safetensors, whole or in shards" },
	{
		name: "hub id",
		what: "owner/name on the Hugging Face hub, kept in the shared cache (HF_HOME, HF_TOKEN)",
	},
	{
		name: ".gguf file",
		what: "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K to Q6_K; tokenizer from the file",
	},
	{ name: "demo", what: "a small GPT-2 that comes with headscope, offline (the default)" },
	{ name: "demo-llama", what: "the same as a Llama" },
];

/** What `headscope models --json` prints. */
export interface ModelsResult {
	readonly families: readonly {
		readonly name: string;
		readonly description: string;
		/** `architectures` entries of config.json. */
		readonly architectures: readonly string[];
		/** `general.architecture` of GGUF files, null where the family is not read from them. */
		readonly gguf: string | null;
	}[];
	/** Names of the models that need no download. */
	readonly demos: readonly string[];
}

/** Lists what the registry knows, so that a new family shows up by itself. */
export async function models(cli: Cli): Promise<void> {
	const families = await Promise.all(
		FAMILIES.map(async ({ name, architectures, gguf = null, load }) => ({
			name,
			description: (await load()).doc,
			architectures,
			gguf,
		})),
	);
	await cli.result(
		(): ModelsResult => ({ families, demos: [...DEMO_MODELS] }),
		() =>
			[
				table(
					[{ title: "FAMILY" }, { title: "ARCHITECTURE" }, { title: "GGUF" }, { title: "" }],
					families.map((f) => [f.name, f.architectures.join(", "), f.gguf ?? "-", f.description]),
					cli.width,
				),
				table(
					[{ title: "MODEL" }, { title: "" }],
					SOURCES.map(({ name, what }) => [name, what]),
					cli.width,
				),
			].join("\n\n"),
	);
}

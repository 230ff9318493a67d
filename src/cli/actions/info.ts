import { formatShape } from "../../graph/dim.js";
import type { ModuleNode } from "../../graph/trace.js";
import type { HookPoint } from "../../hooks/select.js";
import type { Dimensions } from "../../models/family.js";
import { tokenizerOf } from "../../models/load-model.js";
import { bytesHeld, formsOf, inBlocks, parametersOf, quantise } from "../../models/quantise.js";
import { listPoints } from "../../models/request.js";
import { traceModel } from "../../models/trace-model.js";
import type { Cli } from "../cli.js";
import { foldLayers } from "../input/fold-layers.js";
import type { OpenOptions } from "../input/options.js";
import { openArchitecture } from "../open/open.js";
import { bytes } from "../output/progress.js";
import { table } from "../output/table.js";

/** What `headscope info --json` prints. */
export interface InfoResult {
	readonly model: string;
	/** Name of the family, as `headscope models` lists it. */
	readonly architecture: string;
	readonly format: "folder" | "gguf";
	/** Numbers that the weights hold; tied ones count once. */
	readonly parameters: number;
	/** How many of them are stored as which type. */
	readonly stored: Readonly<Record<string, number>>;
	/** Bytes that they take in memory on the CPU, by how they are held; null where they cannot be. */
	readonly memory: { readonly bound: number; readonly quantised: number | null };
	/** How they are held there unless a command is told otherwise. */
	readonly held: "bound" | "quantised";
	readonly dimensions: Dimensions;
	/** null where none came with the model. */
	readonly tokenizer: {
		readonly vocabSize: number;
		readonly addsBos: boolean;
		readonly bosId: number | null;
		readonly eosId: number | null;
	} | null;
	/** Dotted paths, parents before children. */
	readonly modules: readonly string[];
	/** Extents that depend on the input are "batch" and "pos". Optional points are computed when named. */
	readonly hooks: readonly HookPoint[];
}

/** Describes a model from its headers: no weight is read. */
export async function info(cli: Cli, ref: string, options: OpenOptions): Promise<void> {
	const opened = await openArchitecture(cli, ref, options);
	const { family, config, weights, checkpoint } = opened;
	const stored: Record<string, number> = {};
	for (const { entry, shape } of weights.tensors) {
		const dtype = checkpoint.entries.get(entry)?.dtype ?? "?";
		stored[dtype] = (stored[dtype] ?? 0) + shape.reduce((a, b) => a * b, 1);
	}
	const blocks = await inBlocks(weights, checkpoint.entries);
	const held = formsOf(await quantise(weights, checkpoint, undefined, "cpu"));
	const tokenizer = await tokenizerOf(checkpoint);
	const result: InfoResult = {
		model: ref,
		architecture: family.name,
		format: checkpoint.format,
		parameters: parametersOf(weights),
		stored,
		memory: { bound: bytesHeld(weights), quantised: formsOf(blocks).size > 0 ? bytesHeld(blocks) : null },
		held: held.size > 0 ? "quantised" : "bound",
		dimensions: dimensionsOf(config),
		tokenizer: tokenizer
			? {
					vocabSize: tokenizer.vocabSize,
					addsBos: tokenizer.addsBos,
					bosId: tokenizer.bosId ?? null,
					eosId: tokenizer.eosId ?? null,
				}
			: null,
		modules: pathsOf(traceModel(family, config, { padded: false }).trace.root),
		hooks: listPoints(opened.family, opened.config),
	};
	await cli.result(
		() => result,
		() => describe(result, family.doc, cli.width),
	);
}

/** The sizes that all families have; what else a configuration holds is the family's own. */
function dimensionsOf(config: Dimensions): Dimensions {
	const { nLayers, nHeads, nKvHeads, dModel, dHead, dMlp, vocab, nCtx } = config;
	return { nLayers, nHeads, nKvHeads, dModel, dHead, dMlp, vocab, nCtx };
}

function pathsOf(node: ModuleNode): string[] {
	return [...(node.path === "" ? [] : [node.path]), ...node.children.flatMap(pathsOf)];
}

function describe(result: InfoResult, doc: string, width: number): string {
	const { dimensions: d, tokenizer, hooks } = result;
	const number = new Intl.NumberFormat("en-US");
	const stored = Object.entries(result.stored).map(([dtype, n]) => `${number.format(n)} as ${dtype}`);
	const kv = d.nKvHeads === d.nHeads ? "" : `, ${d.nKvHeads} of keys and values`;
	const facts = [
		["model", result.model],
		["architecture", doc],
		["parameters", `${number.format(result.parameters)} (${stored.join(", ")})`],
		["memory", memoryText(result)],
		["layers", `${d.nLayers}, each with ${d.nHeads} heads${kv}`],
		["widths", `d_model ${d.dModel}, d_head ${d.dHead}, d_mlp ${d.dMlp}`],
		["vocabulary", `${number.format(d.vocab)} tokens`],
		["context", `${number.format(d.nCtx)} tokens`],
		[
			"tokenizer",
			tokenizer
				? `${number.format(tokenizer.vocabSize)} ids, ${tokenizer.addsBos ? `puts BOS ${tokenizer.bosId} in front` : "adds no BOS"}`
				: "none",
		],
	];
	const always = hooks.filter((h) => !h.optional);
	const optional = hooks.filter((h) => h.optional);
	const list = (points: readonly HookPoint[]): string =>
		table(
			[{ title: "" }, { title: "" }],
			foldLayers(points).map(({ name, shape }) => [`  ${name}`, formatShape(shape)]),
		);
	const sections = [
		table([{ title: "" }, { title: "" }], facts, width),
		`modules\n${tree(result.modules)}`,
		`hook points (${always.length})\n${list(always)}`,
	];
	if (optional.length > 0) {
		sections.push(`hook points that are computed when named (${optional.length})\n${list(optional)}`);
	}
	return sections.join("\n\n");
}

function memoryText({ memory: { bound, quantised }, held }: InfoResult): string {
	const whole = `${bytes(bound)} as float32`;
	if (quantised === null) return whole;
	const blocks = `${bytes(quantised)} in the file's blocks`;
	return held === "bound"
		? `${whole}, ${blocks} with --weights quantised`
		: `${blocks}, ${whole} with --weights bound`;
}

/** Modules below one another, each without what it shares with the one above it. */
function tree(paths: readonly string[]): string {
	const above: string[] = [];
	return foldLayers(paths.map((name) => ({ name, shape: [] })))
		.map(({ name }) => {
			while (above.length > 0 && !name.startsWith(`${above.at(-1)}.`)) above.pop();
			const own = above.length > 0 ? name.slice((above.at(-1) as string).length + 1) : name;
			const line = `  ${"  ".repeat(above.length)}${own}`;
			above.push(name);
			return line;
		})
		.join("\n");
}

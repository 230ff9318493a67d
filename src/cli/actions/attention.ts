import { extname } from "node:path";
import { checkValues } from "../../figures/check.js";
import type { Model } from "../../models/model.js";
import type { ModelInput } from "../../models/run-options.js";
import type { Tensor } from "../../tensor/index.js";
import type { Cli } from "../cli.js";
import type { AttentionOptions } from "../commands/attention.js";
import type { RunBatch } from "../commands/icl/run-options.js";
import { UsageError } from "../errors.js";
import { readPatterns } from "../input/foreign-patterns.js";
import { type HeadIndex, nameOfHead, parseHeads } from "../input/heads.js";
import { encodeInput, type GivenInput, type Input, readInput } from "../input/input.js";
import { loadFor } from "../open/open.js";
import { isRun, openHeads } from "../open/open-heads.js";
import { runSample } from "../open/run-batch.js";
import { prepareOutput, writeOutput } from "../output/output.js";
import { type Patterns, patternOf } from "../output/patterns.js";
import { bytes } from "../output/progress.js";

/** What `headscope attention --json` prints. Numbers are rounded to 7 significant digits, what float32 holds. */
export interface AttentionResult {
	/** The model, or null for `--from`. */
	readonly model: string | null;
	/** Texts of the tokens along each axis. */
	readonly tokens: { readonly query: readonly string[]; readonly key: readonly string[] };
	/** Attention probabilities [query][key] by head. */
	readonly patterns: Readonly<Record<string, readonly (readonly number[])[]>>;
	/** The file that was written, or null. */
	readonly out: string | null;
	/** Of a regression run. */
	readonly run?: {
		readonly name: string;
		readonly step: number | null;
		readonly batch: RunBatch;
		readonly sample: number;
	};
}

/** Numbers in one JSON document; more would not fit in a string. */
const MOST_JSON = 2 ** 24;

/**
 * Shows attention patterns: of a model on a text, or of another program's file.
 *
 * @param ref the model; undefined where none was named, which is the demo, or none with `--from`.
 */
export async function attention(cli: Cli, ref: string | undefined, options: AttentionOptions): Promise<void> {
	const { out, from } = options;
	checkSource(ref, options);
	const isOfRun = from === undefined && ref !== undefined && (await isRun(ref, options));
	checkRunOptions(ref, isOfRun, options);
	const given = from === undefined && !isOfRun ? await readInput(options) : undefined;
	if (out !== undefined) await prepareOutput(out, [".svg", ".png", ".html"]);
	let heads: HeadIndex[] = [];
	let patterns: Patterns;
	let run: AttentionResult["run"];
	if (isOfRun) ({ patterns, heads, run } = await showRun(cli, ref, options));
	else if (given) ({ patterns, heads } = await runModel(cli, ref ?? "demo", given, options));
	else {
		patterns = await readPatterns(from as string, options.tokens as string, options.row);
		heads = chooseHeads(options.heads, patterns);
	}
	for (const head of heads) checkValues(`head ${nameOfHead(head)}`, patternOf(patterns, head), [0, 1]);
	const cells = heads.length * patterns.tokens.query.length * patterns.tokens.key.length;
	if (cli.options.json && cells > MOST_JSON) {
		throw new UsageError(
			`--json: ${heads.length} patterns have ${cells} numbers, allowed up to ${MOST_JSON}; choose with --heads`,
		);
	}
	let written = "";
	if (out !== undefined) {
		const { drawPatterns } = await import("../output/draw-patterns.js");
		const content = await drawPatterns(patterns, heads, options.scale, extname(out).toLowerCase());
		await writeOutput(out, content, cli.signal);
		written = `${out}: ${bytes(Buffer.byteLength(content))}`;
	}
	const { printPatterns } = await import("../output/print-patterns.js");
	await cli.result(
		(): AttentionResult => ({
			model: from === undefined ? (ref ?? "demo") : null,
			tokens: patterns.tokens,
			patterns: Object.fromEntries(
				heads.map((head) => [nameOfHead(head), toNumbers(patternOf(patterns, head))]),
			),
			out: out ?? null,
			...(run && { run }),
		}),
		() => written || printPatterns(patterns, heads, options.scale, cli.width),
	);
}

/** Checks which of the two ways to get patterns is meant. */
function checkSource(ref: string | undefined, options: AttentionOptions): void {
	if (options.from === undefined) {
		if (options.tokens !== undefined) throw new UsageError("--tokens goes with --from");
		return;
	}
	const clash = (["text", "ids", "mask", "bos"] as const).find((name) => options[name] !== undefined);
	if (clash !== undefined) throw new UsageError(`--${clash} runs a model; --from does not`);
	if (ref !== undefined)
		throw new UsageError(`--from shows patterns of a file; it takes no model (got ${ref})`);
	if (options.tokens === undefined) throw new UsageError("--from needs --tokens with the tokens' texts");
}

/** Checks the input of a run, which is a sequence of examples, against that of a language model. */
function checkRunOptions(ref: string | undefined, isOfRun: boolean, options: AttentionOptions): void {
	const ofRuns = (["batch", "sample", "seed", "config", "root"] as const).find(
		(name) => options[name] !== undefined,
	);
	if (!isOfRun && ofRuns !== undefined) {
		throw new UsageError(`--${ofRuns} is about regression runs; ${options.from ?? ref ?? "demo"} is none`);
	}
	const ofText = (["text", "ids", "mask", "bos"] as const).find((name) => options[name] !== undefined);
	if (isOfRun && ofText !== undefined) {
		throw new UsageError(
			`--${ofText} goes with language models; ${ref} is a run: --batch, --sample and --seed say its input`,
		);
	}
	if (isOfRun && options.row !== 0)
		throw new UsageError(`--row goes with --ids; of a run's batch --sample chooses`);
}

/** The patterns of a run on one sequence. */
async function showRun(
	cli: Cli,
	ref: string,
	options: AttentionOptions,
): Promise<{ patterns: Patterns; heads: HeadIndex[]; run: NonNullable<AttentionResult["run"]> }> {
	await using opened = await openHeads(cli, ref, options);
	const { model, run, title } = opened;
	if (!run) throw new Error(`internal: ${ref} was opened as a language model`);
	const { input, tokens, batch, sample } = runSample(run, options);
	const heads = parseHeads(options.heads, model.config);
	const layers = layersToRead(heads, options, model.config.nLayers);
	const patterns = await patternsOf(cli, model, { input, tokens, layers, source: title });
	const step = Number.isFinite(run.step) ? run.step : null;
	return { patterns, heads, run: { name: run.name, step, batch, sample } };
}

/** The layers of some heads; all for a page, which shows every head and the ones that were named first. */
function layersToRead(
	heads: readonly HeadIndex[],
	{ out = "" }: AttentionOptions,
	nLayers: number,
): number[] {
	const every = extname(out).toLowerCase() === ".html";
	return every ? [...Array(nLayers).keys()] : [...new Set(heads.map(({ layer }) => layer))];
}

interface PatternRequest {
	/** One row. */
	readonly input: ModelInput;
	readonly mask?: readonly (readonly number[])[];
	readonly tokens: readonly string[];
	readonly layers: readonly number[];
	readonly source: string;
}

async function patternsOf(
	cli: Cli,
	model: Model,
	{ input, mask, tokens, layers, source }: PatternRequest,
): Promise<Patterns> {
	const nameOf = (layer: number): string => `blocks.${layer}.attn.hook_pattern`;
	const { cache } = await model.runWithCache(input, {
		names: layers.map(nameOf),
		logits: false,
		signal: cli.signal,
		...(mask && { mask }),
	});
	const { nLayers, nHeads } = model.config;
	return {
		source,
		nLayers,
		nHeads,
		layers: new Map(layers.map((layer) => [layer, cache.get(nameOf(layer)).select(0)])),
		tokens: { query: tokens, key: tokens },
	};
}

async function runModel(
	cli: Cli,
	ref: string,
	given: GivenInput,
	options: AttentionOptions,
): Promise<{ patterns: Patterns; heads: HeadIndex[] }> {
	const { row } = options;
	let input: Input | undefined;
	let heads: HeadIndex[] = [];
	let layers: number[] = [];
	await using model = await loadFor(cli, ref, options, async (opened) => {
		input = await encodeInput(given, opened);
		if (row >= input.ids.length) {
			throw new UsageError(`--row: got ${row}, allowed 0..${input.ids.length - 1}`);
		}
		heads = parseHeads(options.heads, opened.config);
		layers = layersToRead(heads, options, opened.config.nLayers);
	});
	const { ids, mask, tokens } = input as unknown as Input;
	const patterns = await patternsOf(cli, model, {
		input: [ids[row] as number[]],
		...(mask && { mask: [mask[row] as number[]] }),
		tokens: tokens[row] as string[],
		layers,
		source: ref,
	});
	return { heads, patterns };
}

/** As `parseHeads`, of the layers that a file has. */
function chooseHeads(text: string, patterns: Patterns): HeadIndex[] {
	const heads = parseHeads(text, patterns);
	const present = heads.filter(({ layer }) => patterns.layers.has(layer));
	const absent = heads.find(({ layer }) => !patterns.layers.has(layer));
	if (absent && text.trim() !== "all") {
		throw new UsageError(
			`--heads: no head ${nameOfHead(absent)}; ${patterns.source} has layers ${[...patterns.layers.keys()].join(", ")}`,
		);
	}
	return present;
}

function toNumbers(pattern: Tensor<"float32">): number[][] {
	const [queries = 0] = pattern.shape;
	return Array.from({ length: queries }, (_, query) =>
		Array.from(pattern.select(query).data, (value) => Number(value.toPrecision(7))),
	);
}

import { extname } from "node:path";
import { checkValues } from "../../figures/check.js";
import type { Tensor } from "../../tensor/index.js";
import type { Cli } from "../cli.js";
import type { AttentionOptions } from "../commands/attention.js";
import { UsageError } from "../errors.js";
import { readPatterns } from "../foreign-patterns.js";
import { type HeadIndex, nameOfHead, parseHeads } from "../heads.js";
import { encodeInput, type GivenInput, type Input, readInput } from "../input.js";
import { loadFor } from "../open.js";
import { prepareOutput, writeOutput } from "../output.js";
import { type Patterns, patternOf } from "../patterns.js";
import { bytes } from "../progress.js";

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
	const given = from === undefined ? await readInput(options) : undefined;
	if (out !== undefined) await prepareOutput(out, [".svg", ".png", ".html"]);
	let heads: HeadIndex[] = [];
	let patterns: Patterns;
	if (given) ({ patterns, heads } = await runModel(cli, ref ?? "demo", given, options));
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
		const { drawPatterns } = await import("../draw-patterns.js");
		const content = await drawPatterns(patterns, heads, options.scale, extname(out).toLowerCase());
		await writeOutput(out, content, cli.signal);
		written = `${out}: ${bytes(Buffer.byteLength(content))}`;
	}
	const { printPatterns } = await import("../print-patterns.js");
	await cli.result(
		(): AttentionResult => ({
			model: from === undefined ? (ref ?? "demo") : null,
			tokens: patterns.tokens,
			patterns: Object.fromEntries(
				heads.map((head) => [nameOfHead(head), toNumbers(patternOf(patterns, head))]),
			),
			out: out ?? null,
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
	await using model = await loadFor(cli, ref, options, (opened) => {
		input = encodeInput(given, opened);
		if (row >= input.ids.length) {
			throw new UsageError(`--row: got ${row}, allowed 0..${input.ids.length - 1}`);
		}
		heads = parseHeads(options.heads, opened.config);
		// a page shows every head; the ones that were named come first in it
		const every = extname(options.out ?? "").toLowerCase() === ".html";
		layers = every
			? Array.from({ length: opened.config.nLayers }, (_, layer) => layer)
			: [...new Set(heads.map(({ layer }) => layer))];
	});
	const { ids, mask, tokens } = input as unknown as Input;
	const nameOf = (layer: number): string => `blocks.${layer}.attn.hook_pattern`;
	const { cache } = await model.runWithCache([ids[row] as number[]], {
		names: layers.map(nameOf),
		logits: false,
		signal: cli.signal,
		...(mask && { mask: [mask[row] as number[]] }),
	});
	const texts = tokens[row] as string[];
	const { nLayers, nHeads } = model.config;
	return {
		heads,
		patterns: {
			source: ref,
			nLayers,
			nHeads,
			layers: new Map(layers.map((layer) => [layer, cache.get(nameOf(layer)).select(0)])),
			tokens: { query: texts, key: texts },
		},
	};
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

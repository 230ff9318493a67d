import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { exportPage } from "../../export/export-page.js";
import { HeadData } from "../../export/head-data.js";
import { layoutConfig } from "../../export/head-layout.js";
import type { Model } from "../../models/model.js";
import { subjectOf } from "../../scores/subject-of.js";
import { counted } from "../../shared/counted.js";
import { Random, Tensor } from "../../tensor/index.js";
import { writeSafetensors } from "../../weights/index.js";
import type { Cli } from "../cli.js";
import type { ExportOptions } from "../commands/export.js";
import { UsageError } from "../errors.js";
import { readTextFile } from "../input/read-file.js";
import { asUsage } from "../input/score-samples.js";
import { loadFor } from "../open/open.js";
import { prepareFolder, writeOutput } from "../output/output.js";

/** What `headscope export --json` prints. */
export interface ExportResult {
	readonly model: string;
	readonly samples: string;
	readonly rows: number;
	/** Files below the folder. */
	readonly files: readonly string[];
	readonly out: string;
}

/** Rows whose patterns the page and the file hold, and numbers that they may take in all. */
const SHOWN_ROWS = 8;
const MOST_SHOWN = 2 ** 23;
/** Numbers of a row's patterns that the page has in full precision: 1 MB. */
const WHOLE = 2 ** 18;
/** Numbers of patterns that one run returns, about: 64 MB. */
const MOST_AT_ONCE = 2 ** 24;

/** A row with what tells its tokens apart. */
interface Row {
	readonly ids: readonly number[];
	readonly tokens: readonly string[];
}

/** Writes a page and the data of every head on samples. */
export async function exportHeads(cli: Cli, ref: string, options: ExportOptions): Promise<void> {
	const samples = samplesOf(options);
	const { out, seed } = options;
	await prepareFolder(out);
	if ((await readdir(out)).length > 0)
		throw new UsageError(`--out ${out}: has files in it; give a new or an empty folder`);
	const text = options.text === undefined ? undefined : await readTextFile(options.text);
	await using model = await loadFor(cli, ref, options);
	const { nLayers, nHeads } = model.config;
	const rows = rowsOf(model, samples, text, options);
	const data = new HeadData(nLayers, nHeads);
	const shown: { row: Row; pattern: Tensor<"float32"> }[] = [];
	let numbers = 0;
	for await (const [row, pattern] of patternsOf(cli, model, rows)) {
		data.add(row.ids, row.tokens, pattern);
		numbers += pattern.size;
		if (shown.length === 0 || (shown.length < SHOWN_ROWS && numbers <= MOST_SHOWN))
			shown.push({ row, pattern });
	}
	const longest = Math.max(...rows.map(({ ids }) => ids.length));
	const facts = {
		...{ model: ref, dataset: samples, rows: rows.length, length: longest, nLayers, nHeads, seed },
	};
	const files = new Map<string, string | Uint8Array>([
		["data/config.json", json(layoutConfig(facts), "\t")],
		["data/scatter_data.json", json(data.scatter())],
		["data/server_config.json", json({})],
		["data/attributions/manifest.json", json({})],
		["data/patterns.safetensors", patternsFile(shown)],
	]);
	for (let layer = 0; layer < nLayers; layer++) {
		for (let head = 0; head < nHeads; head++)
			files.set(`data/heads/L${layer}H${head}.json`, json(data.file(layer, head, seed)));
	}
	const page = exportPage({
		title: `Attention heads of ${ref}`,
		notes: [
			`${model.family.name}, ${counted(nLayers, "layer")} of ${counted(nHeads, "head")}, on ${counted(rows.length, "row")} of ${samples} (seed ${seed}, up to ${longest} tokens). The first ${shown.length} are shown.`,
			"Rows of a pattern are queries, the tokens that attend; columns are keys, the tokens attended to.",
		],
		heads: data.scatter(),
		rows: shown.map(({ row, pattern }, i) => ({ name: `row ${i}`, file: rowFile(row, pattern) })),
		element: await readFile(new URL("../../element/index.js", import.meta.url), "utf8"),
		hash: (content) => createHash("sha256").update(content).digest("base64"),
		files: [...files.keys()].filter((name) => !name.includes("/heads/")),
	});
	files.set("index.html", page);
	for (const folder of ["data/heads", "data/attributions"]) await prepareFolder(join(out, folder));
	for (const [name, content] of files) await writeOutput(join(out, name), content, cli.signal);
	await cli.result(
		(): ExportResult => ({ model: ref, samples, rows: rows.length, files: [...files.keys()], out }),
		() =>
			`Wrote ${counted(files.size, "file")} to ${out}: open ${join(out, "index.html")}, or serve the folder; ${join(out, "data")} is a HeadVis data folder.`,
	);
}

/** Which rows are meant. */
function samplesOf({ samples, text, prompts }: ExportOptions): string {
	const given = text !== undefined ? "text" : prompts ? "prompts" : undefined;
	if (text !== undefined && prompts) throw new UsageError("--text and --prompts: give one of them");
	if ((samples === "text" || samples === "prompts") && given !== samples)
		throw new UsageError(`--samples ${samples} needs --${samples}`);
	if (samples !== undefined && given !== undefined && given !== samples)
		throw new UsageError(`--${given} and --samples ${samples}: give one of them`);
	return samples ?? given ?? "repeat";
}

/** The rows, all of at least two tokens. */
function rowsOf(model: Model, samples: string, text: string | undefined, options: ExportOptions): Row[] {
	const { n, seed, bos, prompts } = options;
	try {
		const ids = prompts?.map((prompt) => [...model.tokenize(prompt, bos === undefined ? {} : { bos }).ids]);
		const subject = subjectOf(model, {
			samples: options.rows,
			...(n !== undefined && { n }),
			...(bos !== undefined && !ids && { bos }),
			...(text !== undefined && { text }),
			...(ids && { ids }),
		});
		const kind = samples === "text" || samples === "prompts" ? "repeat" : (samples as "repeat");
		const { task, count, tokenText } = subject.source(kind);
		const rows = task
			.draw(new Random(seed), count)
			.ids.map((row): Row => ({ ids: row, tokens: row.map(tokenText) }));
		const short = rows.findIndex((row) => row.ids.length < 2);
		if (short >= 0) throw new UsageError(`--prompts: text ${short + 1} is one token, allowed from 2`);
		return rows;
	} catch (error) {
		throw asUsage(error);
	}
}

/** Each row with its patterns [layer, head, query, key]; rows of one length share runs. */
async function* patternsOf(
	cli: Cli,
	model: Model,
	rows: readonly Row[],
): AsyncGenerator<[Row, Tensor<"float32">]> {
	const { nLayers, nHeads } = model.config;
	const report = cli.progress.onStep("Running rows");
	for (let start = 0; start < rows.length; ) {
		const length = (rows[start] as Row).ids.length;
		const size = nLayers * nHeads * length ** 2;
		const most = start + Math.max(1, Math.floor(MOST_AT_ONCE / size));
		let end = start + 1;
		while (end < Math.min(most, rows.length) && rows[end]?.ids.length === length) end++;
		const batch = rows.slice(start, end);
		const { cache } = await model.runWithCache(
			batch.map(({ ids }) => ids),
			{ names: /attn\.hook_pattern$/, logits: false, signal: cli.signal },
		);
		for (const [r, row] of batch.entries()) {
			const all = new Float32Array(size);
			for (let layer = 0; layer < nLayers; layer++)
				all.set(cache.get("pattern", layer).select(r).data as Float32Array, layer * nHeads * length ** 2);
			yield [row, new Tensor("float32", [nLayers, nHeads, length, length], all)];
		}
		start = end;
		report(end, rows.length);
	}
}

function json(value: unknown, indent?: string): string {
	return `${JSON.stringify(value, undefined, indent)}\n`;
}

/** A row's patterns for the page: large ones in half precision, which tells 0.0005 apart at 1. */
function rowFile({ tokens }: Row, pattern: Tensor<"float32">): Uint8Array {
	const half = pattern.size > WHOLE;
	return writeSafetensors(new Map([["pattern", pattern]]), { tokens: JSON.stringify(tokens) }, { half });
}

/** The same rows for other programs, whole. */
function patternsFile(shown: readonly { row: Row; pattern: Tensor<"float32"> }[]): Uint8Array {
	return writeSafetensors(
		new Map(shown.map(({ pattern }, i) => [`row_${i}`, pattern])),
		Object.fromEntries(shown.map(({ row }, i) => [`row_${i}.tokens`, JSON.stringify(row.tokens)])),
	);
}

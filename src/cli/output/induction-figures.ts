import { extname, join } from "node:path";
import { attentionPattern, headGrid, inductionPage, ranking, scoreGrid } from "../../figures/index.js";
import { svgToPng } from "../../figures/png-node.js";
import type { Model } from "../../models/model.js";
import type { ModelInput } from "../../models/run-options.js";
import {
	exampleRow,
	findScore,
	type HeadScores,
	REGRESSION_SCORES,
	type SampleOptions,
	SCORES,
} from "../../scores/index.js";
import { counted } from "../../shared/counted.js";
import { Tensor } from "../../tensor/index.js";
import type { Cli } from "../cli.js";
import type { OpenHeads } from "../open/open-heads.js";
import { writeOutput } from "./output.js";

export interface InductionFigures {
	/** A folder, or the page's file. */
	readonly out: string;
	/** What the ranking goes by. */
	readonly scored: HeadScores;
	readonly found: ReadonlyMap<string, HeadScores>;
	/** What is said above the page's ranking. */
	readonly notes: readonly string[];
	readonly samples: SampleOptions;
	readonly top: number;
}

/** Heads whose pattern gets a figure of its own. */
const PATTERNS = 3;

/**
 * Writes the figures of a ranking, each as SVG and PNG, and the page that holds them all, or the page alone;
 * returns their names.
 */
export async function writeInductionFigures(
	cli: Cli,
	{ of, model, run, title: name }: OpenHeads,
	{ out, scored, found, notes, samples, top }: InductionFigures,
): Promise<string[]> {
	const { score } = scored;
	const title = `Induction heads of ${name}`;
	const values = Tensor.from(scored.values);
	const { input, tokens } = exampleRow(
		of,
		findScore(score, run ? REGRESSION_SCORES : SCORES).samples,
		samples,
	);
	const patterns = await patternsOn(cli, model, input, tokens.length);
	const heads = scored.ranking.slice(0, Math.min(PATTERNS, top)).map(({ head }) => head);
	const range = [0, 1] as const;
	const figures = new Map([
		[
			"ranking",
			ranking({
				entries: scored.ranking,
				score,
				title,
				top,
				interval: `95% interval over ${counted(scored.samples, "row")}`,
			}),
		],
		["scores", scoreGrid({ values, title: score, range })],
		["patterns", headGrid({ patterns, title: "Attention patterns", marked: heads })],
		...heads.map((name): [string, string] => {
			const [layer = 0, head = 0] = name.split(".").map(Number);
			const pattern = patterns.select(layer).select(head);
			return [`head-${name}`, attentionPattern({ pattern, tokens, title: `Head ${name}` })];
		}),
	]);
	const files = new Map<string, string | Uint8Array>();
	for (const [name, svg] of figures) {
		files.set(`${name}.svg`, svg);
		files.set(`${name}.png`, svgToPng(svg));
	}
	const others = [...found.values()].filter((other) => other.score !== score);
	const page = inductionPage({
		title,
		notes,
		ranking: scored.ranking,
		score,
		top,
		values,
		range,
		beside: others.map((other) => ({ name: other.score, values: Tensor.from(other.values) })),
		patterns,
		tokens,
	});
	files.set("induction.html", page);
	if (extname(out).toLowerCase() === ".html") {
		await writeOutput(out, page, cli.signal);
		return [out];
	}
	for (const [file, content] of files) await writeOutput(join(out, file), content, cli.signal);
	return [...files.keys()];
}

/** Every head's pattern on one row: [layer, head, query, key]. */
async function patternsOn(
	cli: Cli,
	model: Model,
	input: ModelInput,
	length: number,
): Promise<Tensor<"float32">> {
	const { nLayers, nHeads } = model.config;
	const { cache } = await model.runWithCache(input, {
		names: /attn\.hook_pattern$/,
		logits: false,
		signal: cli.signal,
	});
	const size = nHeads * length ** 2;
	const data = new Float32Array(nLayers * size);
	for (let layer = 0; layer < nLayers; layer++) data.set(cache.get("pattern", layer).data, layer * size);
	return new Tensor("float32", [nLayers, nHeads, length, length], data);
}

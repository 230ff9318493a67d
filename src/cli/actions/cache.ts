import { formatShape } from "../../graph/dim.js";
import { listPoints } from "../../models/request.js";
import type { Tensor } from "../../tensor/index.js";
import { safetensorsParts } from "../../weights/write-safetensors.js";
import type { Cli } from "../cli.js";
import type { CacheCommandOptions } from "../commands/cache.js";
import { foldLayers } from "../input/fold-layers.js";
import { parseNames } from "../input/hook-names.js";
import { encodeInput, type Input, readInput } from "../input/input.js";
import { loadFor } from "../open/open.js";
import { prepareOutput, writeOutput } from "../output/output.js";
import { bytes } from "../output/progress.js";
import { table } from "../output/table.js";

/** What `headscope cache --json` prints. */
export interface CacheResult {
	readonly model: string;
	/** The file that was written, and its size. */
	readonly out: string;
	readonly bytes: number;
	/** The ids that the model was run on, [batch][pos]. */
	readonly ids: readonly (readonly number[])[];
	readonly tensors: readonly {
		readonly name: string;
		readonly dtype: string;
		readonly shape: readonly number[];
	}[];
}

/** Runs a model and saves what its hook points held; nothing is run before the file is known to be writable. */
export async function cache(cli: Cli, ref: string, options: CacheCommandOptions): Promise<void> {
	const given = await readInput(options);
	await prepareOutput(options.out, [".safetensors"]);
	let input: Input | undefined;
	let names: string[] = [];
	await using model = await loadFor(cli, ref, options, async (opened) => {
		input = await encodeInput(given, opened);
		const points = listPoints(opened.family, opened.config);
		names =
			options.names === undefined
				? points.filter((p) => !p.optional).map((p) => p.name)
				: parseNames(options.names, points);
	});
	const { ids, mask } = input as unknown as Input;
	const run = await model.runWithCache(ids, { names, signal: cli.signal, ...(mask && { mask }) });
	const tensors = new Map<string, Tensor>();
	if (run.logits) tensors.set("logits", run.logits);
	for (const [name, tensor] of run.cache) tensors.set(name, tensor);
	const parts = safetensorsParts(tensors, { model: ref, ids: JSON.stringify(ids) });
	await writeOutput(options.out, [parts.header, ...parts.tensors], cli.signal);
	const list = [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
	await cli.result(
		(): CacheResult => ({ model: ref, out: options.out, bytes: parts.size, ids, tensors: list }),
		() =>
			[
				table(
					[{ title: "TENSOR" }, { title: "SHAPE" }],
					foldLayers(list).map(({ name, shape }) => [name, formatShape(shape)]),
				),
				"",
				`${options.out}: ${list.length} tensors, ${bytes(parts.size)}`,
			].join("\n"),
	);
}

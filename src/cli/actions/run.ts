import { runExperimentFile } from "../../experiments/experiment-node.js";
import { experimentJsonSchema } from "../../experiments/json-schema.js";
import type { Cli } from "../cli.js";
import type { ExperimentOptions } from "../commands/run.js";
import { UsageError } from "../errors.js";
import { loadFor } from "../open/open.js";
import { openRun } from "../open/open-run.js";
import { experimentText } from "../output/experiment-text.js";
import { prepareOutput, writeOutput } from "../output/output.js";

export async function run(cli: Cli, file: string | undefined, options: ExperimentOptions): Promise<void> {
	const { out, provider, threads } = options;
	if (options.schema) {
		if (file !== undefined) throw new UsageError("--schema is of every experiment; leave the file out");
		const schema = experimentJsonSchema();
		return cli.result(
			() => schema,
			() => JSON.stringify(schema, null, "\t"),
		);
	}
	if (file === undefined) throw new UsageError("no experiment given: headscope run FILE, or --schema");
	if (out !== undefined) await prepareOutput(out, [".json"]);
	const result = await runExperimentFile(file, {
		loadModel: (ref) => loadFor(cli, ref, options),
		openRun: (ref) => openRun(cli, ref, threads === undefined ? {} : { threads }),
		wasm: provider === "wasm",
		signal: cli.signal,
		onProgress: cli.progress.onStep("Measuring"),
	});
	if (out !== undefined) await writeOutput(out, `${JSON.stringify(result, null, "\t")}\n`, cli.signal);
	await cli.result(
		() => result,
		() => experimentText(result),
	);
}

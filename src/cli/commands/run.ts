import type { Command } from "commander";
import type { Cli } from "../cli.js";
import { type RunModelOptions, withRunning } from "../input/options.js";

export interface ExperimentOptions extends RunModelOptions {
	readonly out?: string;
	readonly schema?: boolean;
}

const EXAMPLES = `
Examples:
  headscope run experiment.yaml
  headscope run experiment.yaml --out result.json
  headscope run --schema > experiment.schema.json`;

export function register(program: Command, cli: Cli): void {
	const command = program
		.command("run")
		.description("carry out an experiment file: metrics before and after its interventions, with intervals")
		.argument("[file]", "YAML or JSON: model or run, rows, interventions, metrics")
		.option("--out <file.json>", "where to save the result, with the file's hash and the versions")
		.option("--schema", "print the JSON Schema of experiment files, for editors")
		.option("--offline", "use only what the hub cache has");
	withRunning(command)
		.addHelpText("after", EXAMPLES)
		.action(async (file: string | undefined, options: ExperimentOptions) => {
			const { run } = await import("../actions/run.js");
			await run(cli, file, options);
		});
}

import { Command, InvalidArgumentError } from "commander";
import type { Bench } from "./bench.js";
import { forward } from "./forward.js";
import { FEWEST_ROUNDS, runBench } from "./harness.js";
import { printJson, printTable } from "./report.js";
import { drawing, studio } from "./studio.js";
import { sweeps, sweepsLlama } from "./sweeps.js";
import { training } from "./training.js";

const BENCHES: Bench[] = [forward, training, sweeps, sweepsLlama, studio, drawing];

const program = new Command("npm run bench --")
	.description("Measures headscope against rivals, interleaved in one go.")
	.argument("[name]", "the bench to run; without it, the list of benches")
	.option("--json", "print one JSON document to stdout and nothing else")
	.option("--rounds <n>", `rounds at least (${FEWEST_ROUNDS} or more)`, count, 7)
	.option("--seconds <s>", "short cases go on for this long", Number, 3)
	.option("--threads <n>", "threads of each side", count, 2)
	.option("--sides <names>", "only these sides, separated by commas", (text: string) => text.split(","))
	.option("--cases <text>", "only cases whose name holds this text")
	.action(main);

interface Flags {
	json?: boolean;
	rounds: number;
	seconds: number;
	threads: number;
	sides?: string[];
	cases?: string;
}

async function main(name: string | undefined, flags: Flags): Promise<void> {
	const bench = BENCHES.find((each) => each.name === name);
	if (!bench) {
		const list = BENCHES.map((each) => `  ${each.name}  ${each.about}`).join("\n");
		if (name === undefined) return console.log(`benches:\n${list}`);
		console.error(`error: unknown bench "${name}"; benches:\n${list}`);
		process.exitCode = 2;
		return;
	}
	const log = (line: string): void => console.error(line);
	const result = await runBench(bench, { ...flags, log });
	console.log(flags.json ? printJson(result) : printTable(result));
}

function count(text: string): number {
	const value = Number(text);
	if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("allowed: whole numbers from 1");
	return value;
}

try {
	await program.parseAsync();
} catch (error) {
	console.error(`error: ${(error as Error).message}`);
	process.exitCode = 1;
}

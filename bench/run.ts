import { Command, InvalidArgumentError } from "commander";
import { BENCHES } from "./benches.js";
import { rewrite } from "./document.js";
import { FEWEST_ROUNDS, runBench } from "./harness.js";
import { benchPath } from "./paths.js";
import { printJson, printTable } from "./report.js";

const program = new Command("npm run bench --")
	.description("Measures headscope against rivals, interleaved in one go.")
	.argument(
		"[name]",
		"the bench to run; without it all of them, whose tables in docs/performance.md are rewritten",
	)
	.option("--list", "list the benches")
	.option("--write", "rewrite the bench's table in docs/performance.md")
	.option("--json", "print one JSON document to stdout and nothing else")
	.option("--rounds <n>", `rounds at least (${FEWEST_ROUNDS} or more)`, count, 7)
	.option("--seconds <s>", "short cases go on for this long", Number, 3)
	.option("--threads <n>", "threads of each side", count, 2)
	.option("--sides <names>", "only these sides, separated by commas", (text: string) => text.split(","))
	.option("--cases <text>", "only cases whose name holds this text")
	.action(main);

interface Flags {
	list?: boolean;
	write?: boolean;
	json?: boolean;
	rounds: number;
	seconds: number;
	threads: number;
	sides?: string[];
	cases?: string;
}

async function main(name: string | undefined, flags: Flags): Promise<void> {
	const list = `benches:\n${BENCHES.map((each) => `  ${each.name}  ${each.about}`).join("\n")}`;
	if (flags.list) return console.log(list);
	const chosen = name === undefined ? BENCHES : BENCHES.filter((each) => each.name === name);
	if (chosen.length === 0) return refuse(`unknown bench "${name}"; ${list}`);
	const write = flags.write ?? name === undefined;
	const partial = flags.cases !== undefined || flags.sides !== undefined;
	if (write && partial) return refuse("--cases and --sides measure a part; a table is rewritten whole");
	const log = (line: string): void => console.error(line);
	for (const bench of chosen) {
		const result = await runBench(bench, { ...flags, log });
		// one after the other, so that a later one that breaks off loses no result
		if (write) await rewrite(benchPath("../docs/performance.md"), result);
		console.log(flags.json ? printJson(result) : printTable(result));
	}
}

function refuse(message: string): void {
	console.error(`error: ${message}`);
	process.exitCode = 2;
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

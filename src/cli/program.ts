import { Command } from "commander";
import { Cli } from "./cli.js";
import { COMMANDS } from "./commands/index.js";
import { type CliIo, widthOf } from "./io.js";
import { VERSION } from "./version.js";

/** The command line's grammar. Every command's own work is imported when it is used. */
export function createProgram(io: CliIo): Command {
	const program = new Command("headscope");
	program
		.description("Look inside transformers: attention patterns, induction heads, activations.")
		.version(VERSION, "-V, --version", "print the version")
		.option("--json", "print one JSON document to stdout and nothing else there")
		.option("-q, --quiet", "no progress and no notes on stderr")
		.option("--verbose", "print the stack of an error")
		.helpOption("-h, --help", "print help")
		.helpCommand("help [command]", "print help for a command")
		.configureHelp({ showGlobalOptions: true })
		.showSuggestionAfterError(true)
		// errors are worded in one place, by `run`
		.configureOutput({
			writeOut: (text) => void io.stdout.write(text),
			writeErr: () => {},
			outputError: () => {},
			getOutHelpWidth: () => Math.min(widthOf(io), 110),
		})
		.exitOverride();
	// subcommands take the settings above over at the time they are added
	const cli = new Cli(program, io);
	for (const register of COMMANDS) register(program, cli);
	return program;
}

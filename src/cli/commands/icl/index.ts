import type { Command } from "commander";
import type { Cli } from "../../cli.js";
import type { Register } from "../index.js";
import { register as evaluate } from "./eval.js";
import { register as figures } from "./figures.js";
import { register as patch } from "./patch.js";
import { register as train } from "./train.js";

/** Every command on in-context regression runs, in the order that help shows them; a new one is a file and a line here. */
const ICL_COMMANDS: readonly Register[] = [train, evaluate, patch, figures];

export function register(program: Command, cli: Cli): void {
	const group = program
		.command("icl")
		.description("in-context linear regression transformers: train, evaluate, look inside")
		.helpCommand("help [command]", "print help for a command");
	for (const add of ICL_COMMANDS) add(group, cli);
}

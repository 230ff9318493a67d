import type { Command } from "commander";
import type { Cli } from "../cli.js";
import { register as ablate } from "./ablate.js";
import { register as attention } from "./attention.js";
import { register as attribute } from "./attribute.js";
import { register as cache } from "./cache.js";
import { register as exportHeads } from "./export.js";
import { register as generate } from "./generate.js";
import { register as icl } from "./icl/index.js";
import { register as induction } from "./induction.js";
import { register as info } from "./info.js";
import { register as lens } from "./lens.js";
import { register as models } from "./models.js";
import { register as patch } from "./patch.js";
import { register as phase } from "./phase.js";
import { register as run } from "./run.js";
import { register as scores } from "./scores.js";
import { register as studio } from "./studio.js";
import { register as sweep } from "./sweep/index.js";
import { register as tokens } from "./tokens.js";
import { register as verify } from "./verify.js";
import { register as worker } from "./worker.js";

/** Adds a command to the program. Its options are light; its work is imported in its action. */
export type Register = (program: Command, cli: Cli) => void;

/** Every command, in the order that help shows them; a new one is a file and a line here. */
export const COMMANDS: readonly Register[] = [
	induction,
	studio,
	scores,
	phase,
	attention,
	ablate,
	patch,
	attribute,
	run,
	cache,
	exportHeads,
	generate,
	lens,
	tokens,
	info,
	models,
	verify,
	icl,
	sweep,
	worker,
];

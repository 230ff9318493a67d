import type { GenerateOptions } from "../../generation/index.js";
import { type NewToken, streamTokens } from "../../generation/index.js";
import type { Model } from "../../models/model.js";
import type { Cli } from "../cli.js";
import type { GenerateCommandOptions } from "../commands/generate.js";
import { UsageError } from "../errors.js";
import { encodeInput, type Input, readInput } from "../input/input.js";
import { readInterventions } from "../input/interventions.js";
import { loadFor } from "../open/open.js";
import { refuseRun } from "../open/open-heads.js";

/** What `headscope generate --json` prints; after Ctrl-C as far as it came. */
export interface GenerateResult {
	readonly model: string;
	readonly rows: readonly {
		/** Ids of the prompt, with a BOS that was put in front. */
		readonly prompt: readonly number[];
		/** What the new tokens spell. */
		readonly text: string;
		readonly tokens: readonly {
			readonly id: number;
			/** The text that this token completes. */
			readonly text: string;
			/** Natural logarithm of its probability. */
			readonly logProb: number;
		}[];
		readonly end: "stop" | "length" | "context" | "interrupted";
	}[];
}

export async function generate(cli: Cli, ref: string, options: GenerateCommandOptions): Promise<void> {
	await refuseRun(ref, "generate");
	const given = await readInput(options);
	if (options.temperature === 0) {
		const idle = (["topK", "topP", "seed"] as const).find((name) => options[name] !== undefined);
		const flag = idle?.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
		if (idle)
			throw new UsageError(`--${flag}: nothing is drawn at temperature 0; give --temperature above 0`);
	}
	const interventions =
		options.intervene === undefined ? undefined : await readInterventions(options.intervene);
	let input: Input | undefined;
	await using model = await loadFor(cli, ref, options, async (opened) => {
		input = await encodeInput(given, opened);
	});
	const prompts = (input as Input).ids;
	const made: NewToken[][] = prompts.map(() => []);
	const streams = prompts.length === 1 && !cli.options.json;
	try {
		for await (const token of streamTokens(model, prompts, generateOptions(cli, options, interventions))) {
			made[token.row]?.push(token);
			if (streams) cli.write(textOf(token, model));
		}
	} catch (error) {
		// Ctrl-C: what there is, is the result
		if (!cli.signal.aborted) {
			if (streams && made.some((tokens) => tokens.length > 0)) cli.write("\n");
			throw error;
		}
	}
	await cli.result(
		(): GenerateResult => ({
			model: ref,
			rows: prompts.map((prompt, b) => {
				const tokens = made[b] ?? [];
				return {
					prompt,
					text: tokens.map(({ text }) => text).join(""),
					tokens: tokens.map(({ id, text, logProb }) => ({
						id,
						text,
						logProb: Number(logProb.toPrecision(7)),
					})),
					end: tokens.at(-1)?.end ?? "interrupted",
				};
			}),
		}),
		// a single row has been written already
		() =>
			streams
				? "\n"
				: made.map((tokens) => tokens.map((token) => textOf(token, model)).join("")).join("\n---\n"),
		{ partial: true },
	);
}

function generateOptions(
	cli: Cli,
	{ max, temperature, topK, topP, seed, stop }: GenerateCommandOptions,
	interventions: GenerateOptions["interventions"],
): GenerateOptions {
	return {
		maxNewTokens: max,
		temperature,
		...(topK !== undefined && { topK }),
		...(topP !== undefined && { topP }),
		...(seed !== undefined && { seed }),
		...(stop && { stop }),
		...(interventions && { interventions }),
		signal: cli.signal,
	};
}

/** A token for the reader: its text, or its id where the model came without a tokenizer. */
function textOf({ id, text }: NewToken, { tokenizer }: Model): string {
	return tokenizer ? text : ` ${id}`;
}

import { ModelError } from "../../models/family.js";
import { tokenizerOf } from "../../models/load-model.js";
import type { Cli } from "../cli.js";
import type { TokensOptions } from "../commands/tokens.js";
import { readText } from "../input/text-input.js";
import { openFiles } from "../open/open.js";
import { table } from "../output/table.js";

/** What `headscope tokens --json` prints. */
export interface TokensResult {
	readonly model: string;
	/** Whether a BOS was put in front; it is the first token then, with offsets [0, 0]. */
	readonly bos: boolean;
	readonly tokens: readonly {
		readonly id: number;
		readonly text: string;
		/** [start, end) in the text, in UTF-16 code units. */
		readonly offsets: readonly [number, number];
	}[];
}

/** Shows the tokens of a text; of the model only the tokenizer is used. */
export async function tokens(cli: Cli, ref: string, options: TokensOptions): Promise<void> {
	const text = await readText(options);
	const tokenizer = await tokenizerOf(await openFiles(cli, ref, options));
	if (!tokenizer) throw new ModelError(`${ref}: no tokenizer came with this model`);
	const encoding = tokenizer.encode(text, options.bos === undefined ? {} : { bos: options.bos });
	await cli.result(
		(): TokensResult => ({
			model: ref,
			bos: encoding.bos,
			tokens: encoding.ids.map((id, i) => ({
				id,
				text: encoding.tokens[i] as string,
				offsets: encoding.offsets[i] as readonly [number, number],
			})),
		}),
		() => {
			const rows = encoding.ids.map((id, i) => {
				const [start, end] = encoding.offsets[i] as readonly [number, number];
				const note = encoding.bos && i === 0 ? "BOS, added" : "";
				return [String(i), String(id), tokenizer.displayText(id), `${start}-${end}`, note];
			});
			const columns = [
				{ title: "INDEX", right: true },
				{ title: "ID", right: true },
				{ title: "TOKEN" },
				{ title: "OFFSETS" },
				{ title: "" },
			];
			return table(columns, rows);
		},
	);
}

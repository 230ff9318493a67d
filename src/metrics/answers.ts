import * as z from "zod/mini";
import type { Model } from "../models/model.js";
import { counted } from "../shared/counted.js";
import { list } from "../shared/schemas.js";
import { reject } from "./errors.js";

/** A token as text or id, or one for each row. */
export const answersSchema = z.union([z.string(), z.int(), list(z.union([z.string(), z.int()]))], {
	error: "allowed a token as text or id, or a list of them, one for each row",
});

type Answers = z.infer<typeof answersSchema>;

/**
 * The token that each row is asked about.
 * @param where what errors call the answers, such as "metrics[0].answers"
 * @throws {MetricError} for as many answers as there are no rows, a text of several tokens, an id that the model lacks
 */
export function answerIds(model: Model, answers: Answers, rows: number, where: string): number[] {
	if (!Array.isArray(answers))
		return Array<number>(rows).fill(tokenOf(model, answers as string | number, where));
	if (answers.length !== rows) {
		reject(
			where,
			`${counted(answers.length, "answer")} for ${counted(rows, "row")}, allowed one for all or one for each`,
		);
	}
	return answers.map((answer: string | number, i) => tokenOf(model, answer, `${where}[${i}]`));
}

function tokenOf(model: Model, answer: string | number, where: string): number {
	const { vocab } = model.config;
	if (typeof answer === "number") {
		if (answer < 0 || answer >= vocab) reject(where, `no token ${answer}, allowed 0..${vocab - 1}`);
		return answer;
	}
	const { ids, tokens } = model.tokenize(answer, { bos: false });
	// tokenizers that write a space in front read " Paris" as two tokens, of which the second is meant
	const id = ids.length === 1 ? ids[0] : model.tokenizer?.idOf(answer);
	if (id === undefined) {
		const list = ids.map((one, i) => `${JSON.stringify(tokens[i])} (${one})`).join(", ");
		reject(where, `${JSON.stringify(answer)} is ${ids.length} tokens${list && `: ${list}`}; allowed is one`);
	}
	const meant = model.tokenizer?.decode([id]) ?? answer;
	if (plain(meant) !== plain(answer)) {
		reject(where, `${JSON.stringify(answer)} is not in the vocabulary: it reads as ${JSON.stringify(meant)}`);
	}
	return id;
}

/** What tokenizers may change of a text without changing what it is. */
function plain(text: string): string {
	return text.normalize("NFKC").trim().toLowerCase();
}

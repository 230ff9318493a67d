import type { Studio } from "../../studio.js";
import { chosenOf } from "../chosen-prompt.js";

/**
 * A head's attention in the chosen prompt, [query][key]: its own without changes, or what a named pattern is there.
 * @param name of the pattern; empty for the head's own
 */
export async function patternAt(
	{ connection, scene }: Studio,
	head: string,
	name: string,
): Promise<number[][]> {
	const { model, prompts, bos } = scene.peek();
	const chosen = chosenOf(scene.peek());
	const interventions = name === "" ? [] : [{ kind: "replace-pattern", heads: [head], pattern: name }];
	const [first] = await connection.call("look", {
		model,
		prompts: [prompts[chosen] ?? ""],
		...(bos !== null && { bos }),
		interventions,
	});
	const refused = first?.refused?.[0];
	if (refused) throw new Error(refused.why);
	const side = first?.changed ?? first?.clean;
	const [, nHeads = 1, size = 0] = side?.pattern.shape ?? [];
	const [layer = 0, index = 0] = head.split(".").map(Number);
	const offset = (layer * nHeads + index) * size * size;
	return Array.from({ length: size }, (_, query) =>
		Array.from(side?.pattern.data.subarray(offset + query * size, offset + (query + 1) * size) ?? []),
	);
}

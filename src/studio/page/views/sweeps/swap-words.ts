/**
 * A prompt to corrupt another one with: the answer's first word exchanged with the word before it, so that something else
 * follows and the number of tokens stays; where the answer is not among the words, the last two that differ.
 * @param answer what follows the prompt
 * @returns undefined for a text without two different words
 */
export function swapWords(prompt: string, answer: string): string | undefined {
	const parts = prompt.split(/(\s+)/);
	const words = parts.flatMap((part, at) => (at % 2 === 0 && part !== "" ? [at] : []));
	const found = words.findIndex((at) => parts[at] === answer.trim());
	const pairs = words.slice(1).map((at, i) => [words[i] as number, at] as const);
	const beside = found < 0 ? [] : [pairs[found - 1], pairs[found]];
	const pair = [...beside, ...pairs.toReversed()].find((both) => both && parts[both[0]] !== parts[both[1]]);
	if (!pair) return undefined;
	const swapped = [...parts];
	[swapped[pair[0]], swapped[pair[1]]] = [parts[pair[1]] as string, parts[pair[0]] as string];
	return swapped.join("");
}

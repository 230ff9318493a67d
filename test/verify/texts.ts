/** Texts of the kinds that the trained reference models know. */
import { Random } from "../../src/tensor/index.js";
import type { Tokenizer } from "../../src/tokenizers/index.js";

/** A story in the words of TinyStories, which stories260k was trained on; no part of that data. */
const STORY = `Once upon a time, there was a little boy named Ben. Ben had a red ball. He loved to play with his ball in the park.
One day, Ben and his mom went to the park. The sun was hot and the sky was blue. Ben saw a big dog. The dog was sad. Ben said,
"Hello, dog. Why are you sad?" The dog did not say a word. It looked at the ball. Ben had an idea. He gave the ball to the dog. The
dog was very happy. It ran and ran with the ball. Ben laughed. His mom smiled and said, "You are a good boy, Ben." Then they saw a
little girl. Her name was Lily. Lily said, "That is my dog! Thank you for finding him." Ben was happy to help. Lily and Ben played
with the dog all day. They ran, they jumped, and they had a lot of fun. When it was time to go home, Ben was sad. He did not want to
go. Lily said, "We can play again tomorrow." Ben was happy again. He gave the dog a big hug and went home with his mom. That night,
Ben was very tired. He went to bed and had a good dream about his new friends. The next day, Ben and Lily went to the park again.
They saw a bird in a tree. The bird was small and it could not fly. Lily wanted to help the bird. She asked her mom for help. Her mom
was very kind. She took the bird and put it in a little box. She gave it some food and water. The bird was happy. After a few days,
the bird could fly again. It flew up in the sky. Ben and Lily waved and said, "Goodbye, little bird!" They were happy that they could
help. From that day on, they were the best of friends, and they lived happily ever after.`;

/** Segments of eight random words, each four times: what the demo models were trained on, in rows of 32 and of 64 tokens. */
function segments(tokenizer: Tokenizer, count: number): string {
	const random = new Random(1);
	const words = Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.tokenText(id)).filter(
		(word) => /^[a-z]+$/.test(word),
	);
	const said = Array.from({ length: count }, () => {
		const segment = random.distinct(8, 0, words.length).map((i) => words[i]);
		return [segment, segment, segment, segment].flat().join(" ");
	});
	return said.join(" ");
}

/** A text that the model must know; undefined for models with random weights. */
export function textFor(folder: string, tokenizer: Tokenizer | undefined): string | undefined {
	if (folder === "stories260k") return STORY;
	if (!folder.startsWith("natural-") || !tokenizer) return undefined;
	// one row of the Llama, whose context is longer than what it was trained on
	return segments(tokenizer, folder.includes("llama") ? 2 : 16);
}

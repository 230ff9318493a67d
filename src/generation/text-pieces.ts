import type { Tokenizer } from "../tokenizers/index.js";

/**
 * Turns tokens into text as they come. A token that is only a part of a character gives "", the one that completes it
 * the character; special tokens give "".
 */
export class TextPieces {
	private readonly ids: number[];
	/** Where decoding begins: what a token spells can depend on those before it (a leading space, parts of a character). */
	private from = 0;
	/** How many ids have been given out as text. */
	private read: number;

	/** @param prompt ids that come before the first piece */
	constructor(
		private readonly tokenizer: Tokenizer,
		prompt: readonly number[],
	) {
		this.ids = [...prompt];
		this.read = prompt.length;
	}

	/** The text that a further token completes. */
	push(id: number): string {
		this.ids.push(id);
		return this.take((text) => !text.endsWith("\ufffd"));
	}

	/** What is left at the end: bytes that never became a character, as U+FFFD. */
	end(): string {
		return this.take(() => true);
	}

	private take(isWhole: (text: string) => boolean): string {
		const before = this.decode(this.read);
		const text = this.decode(this.ids.length);
		if (!isWhole(text) || text === before) return "";
		let same = 0;
		while (same < before.length && before[same] === text[same]) same++;
		this.from = this.read;
		this.read = this.ids.length;
		return text.slice(same);
	}

	private decode(to: number): string {
		return this.tokenizer.decode(this.ids.slice(this.from, to), { skipSpecial: true });
	}
}

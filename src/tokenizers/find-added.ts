import type { AddedToken } from "./vocabulary.js";

/** A stretch of characters: either ordinary, or one added token. */
export interface Section {
	readonly start: number;
	readonly end: number;
	readonly added?: AddedToken;
}

/**
 * Cuts a text at the added tokens in it, each the leftmost and there the longest, with the white space it
 * takes (`lstrip`, `rstrip`). Positions are in UTF-16 code units.
 */
export function addedFinder(tokens: readonly AddedToken[]): (text: string) => Section[] {
	const byContent = new Map(tokens.map((token) => [token.content, token]));
	// Few distinct lengths occur even with thousands of added tokens, so trying each, longest first, is cheap.
	const lengths = new Map<string, number[]>();
	for (const content of byContent.keys()) {
		const known = lengths.get(content[0] as string) ?? [];
		if (!known.includes(content.length)) known.push(content.length);
		lengths.set(
			content[0] as string,
			known.sort((a, b) => b - a),
		);
	}
	const longestAt = (text: string, at: number): AddedToken | undefined => {
		for (const length of lengths.get(text[at] as string) ?? []) {
			const token = byContent.get(text.slice(at, at + length));
			if (token) return token;
		}
		return undefined;
	};
	return (text) => {
		const sections: Section[] = [];
		let done = 0;
		for (let at = 0; at < text.length; ) {
			const added = longestAt(text, at);
			if (!added) {
				at++;
				continue;
			}
			let [start, end] = [at, at + added.content.length];
			while (added.lstrip && start > done && isSpace(text, start - 1)) start--;
			while (added.rstrip && end < text.length && isSpace(text, end)) end++;
			if (start > done) sections.push({ start: done, end: start });
			sections.push({ start, end, added });
			done = end;
			at = end;
		}
		if (done < text.length) sections.push({ start: done, end: text.length });
		return sections;
	};
}

function isSpace(text: string, at: number): boolean {
	return /\p{White_Space}/u.test(text[at] as string);
}

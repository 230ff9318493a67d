const NAMED: Readonly<Record<string, string>> = { " ": "·", "\n": "↵", "\r": "␍", "\t": "⇥", "\u00a0": "⍽" };

/**
 * A token as a reader should see it: white space gets a sign (`·` space, `↵` line feed, `⇥` tab), control
 * characters their picture, invisible and direction-changing ones their code point, and no text is `∅`.
 * The result holds no character that can hide, reorder or break the text around it.
 */
export function tokenLabel(token: string): string {
	if (token === "") return "∅";
	return token.replace(/\p{Cs}/gu, "\ufffd").replace(/\p{Cc}|\p{Cf}|\p{Z}/gu, (character) => {
		const code = character.codePointAt(0) as number;
		if (NAMED[character] !== undefined) return NAMED[character];
		if (code < 0x20) return String.fromCodePoint(0x2400 + code);
		return `‹${code.toString(16).toUpperCase().padStart(4, "0")}›`;
	});
}

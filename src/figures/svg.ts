/** Attribute values of an element; an undefined one is left out, a number is cut to 3 decimals. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One element as text. Children are markup already; use `text` for anything a user can name. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
	const written = Object.entries(attributes)
		.filter(([, value]) => value !== undefined)
		.map(
			([key, value]) => ` ${key}="${typeof value === "number" ? decimals(value) : escapeMarkup(`${value}`)}"`,
		)
		.join("");
	return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}

/** A text element at (x, y), its content escaped. */
export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
	return element("text", { x, y, ...attributes }, escapeMarkup(content));
}

/** A number with at most 3 decimals: enough for pixels, and stable from one machine to the next. */
export function decimals(value: number): string {
	const cut = value.toFixed(3).replace(/\.?0+$/, "");
	return cut === "-0" ? "0" : cut;
}

const ENTITIES: Readonly<Record<string, string>> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&#39;",
};

/**
 * Text made safe as element content and as a quoted attribute, in SVG and in HTML.
 * What XML 1.0 forbids (control characters but tab and line ends, lone surrogates) becomes U+FFFD.
 */
export function escapeMarkup(content: string): string {
	return content
		.replace(/(?![\t\n\r])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu, "\ufffd")
		.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** A made element with properties, attributes (in `attributes`) and children; texts are never markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	properties: Partial<HTMLElementTagNameMap[K]> = {},
	attributes: Readonly<Record<string, string>> = {},
	...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
	const made = Object.assign(document.createElement(tag), properties);
	for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
	made.append(...children);
	return made;
}

/** A value as a reader sees it. */
export function shown(value: number): string {
	return value === 0 || Math.abs(value) >= 5e-5 ? value.toFixed(4) : value.toExponential(1);
}

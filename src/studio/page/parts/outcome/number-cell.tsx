import type { JSX } from "preact";

/** A number in a table; the pointer tells it in full. */
export function NumberCell({
	value,
	text,
}: {
	value: number | undefined;
	text: (value: number) => string;
}): JSX.Element {
	return (
		<td class="number" title={value === undefined ? undefined : String(value)}>
			{value === undefined ? "–" : text(value)}
		</td>
	);
}

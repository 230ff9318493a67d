import type { JSX } from "preact";
import { useId, useLayoutEffect, useState } from "preact/hooks";

/** What a text means, or why it means nothing. */
export type ReadText<T> = { readonly value: T } | { readonly problem: string };

export interface ReadInputProps<T> {
	readonly label: string;
	readonly value: T;
	write(value: T): string;
	read(text: string): ReadText<T>;
	change(value: T): void;
	readonly placeholder?: string | undefined;
	/** What may be chosen, beside anything else that can be typed. */
	readonly choices?: readonly string[] | undefined;
}

/** A text field that is read as it is typed. What cannot be read stays in the field, says why, and changes nothing. */
export function ReadInput<T>({
	label,
	value,
	write,
	read,
	change,
	placeholder,
	choices,
}: ReadInputProps<T>): JSX.Element {
	const [text, setText] = useState(() => write(value));
	const id = useId();
	const found = read(text);
	const problem = "problem" in found ? found.problem : "";
	const known = JSON.stringify(value);
	useLayoutEffect(() => {
		// changed from elsewhere, such as by undo
		const now = read(text);
		if (!("value" in now) || JSON.stringify(now.value) !== known) setText(write(value));
	}, [known]);
	return (
		<>
			<input
				type="text"
				spellcheck={false}
				autocomplete="off"
				aria-label={label}
				aria-invalid={problem !== ""}
				aria-describedby={problem ? `${id}-problem` : undefined}
				list={choices ? `${id}-choices` : undefined}
				placeholder={placeholder}
				value={text}
				onInput={(event) => {
					const typed = event.currentTarget.value;
					setText(typed);
					const now = read(typed);
					if ("value" in now && JSON.stringify(now.value) !== known) change(now.value);
				}}
			/>
			{choices && (
				<datalist id={`${id}-choices`}>
					{choices.map((choice) => (
						<option key={choice} value={choice} />
					))}
				</datalist>
			)}
			{problem && (
				<span class="problem" id={`${id}-problem`}>
					{problem}
				</span>
			)}
		</>
	);
}

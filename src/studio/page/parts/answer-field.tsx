import type { JSX } from "preact";
import type { NamedToken } from "../../service/work/answers.js";

/** A token that a field names: text, or "#12" for an id; undefined where it is empty. */
export function answerOf(text: string): string | number | undefined {
	if (text === "") return undefined;
	return /^#\d{1,9}$/.test(text) ? Number(text.slice(1)) : text;
}

export interface AnswerFieldProps {
	readonly label: string;
	/** Text or "#12"; empty for what stands where nothing is typed. */
	readonly value: string;
	/** What is taken where the field is empty: "the likeliest token". */
	readonly otherwise: string;
	/** The tokens that the newest result was about. */
	readonly used?: readonly NamedToken[] | undefined;
	readonly onChange: (value: string) => void;
}

/** Asks for a token, by its text or its id; what it came to stands beside it. */
export function AnswerField({ label, value, otherwise, used = [], onChange }: AnswerFieldProps): JSX.Element {
	const shown = [...new Set(used.map((token) => token.shown))];
	return (
		<div class="answer-field">
			<label>
				<span>{label}</span>
				<input
					type="text"
					value={value}
					placeholder={otherwise}
					title="a token's text with its leading space, or #id"
					spellcheck={false}
					autocomplete="off"
					onChange={(event) => onChange(event.currentTarget.value)}
				/>
			</label>
			<code class="quiet">{shown.slice(0, 4).join(" ")}</code>
		</div>
	);
}

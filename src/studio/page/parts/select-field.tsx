import type { JSX } from "preact";

export interface SelectFieldProps<K extends string> {
	readonly label: string;
	readonly value: K;
	/** What each value is called, in the order of the list. */
	readonly options: Readonly<Partial<Record<K, string>>>;
	readonly onChange: (value: K) => void;
}

/** One of several, with a label. */
export function SelectField<K extends string>({
	label,
	value,
	options,
	onChange,
}: SelectFieldProps<K>): JSX.Element {
	return (
		<label>
			<span>{label}</span>
			<select value={value} onChange={(event) => onChange(event.currentTarget.value as K)}>
				{Object.entries<string | undefined>(options).map(([key, name]) => (
					<option key={key} value={key}>
						{name}
					</option>
				))}
			</select>
		</label>
	);
}

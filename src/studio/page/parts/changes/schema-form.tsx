import type { ComponentType, JSX } from "preact";
import type { Field } from "../../../service/fields.js";
import { ReadInput, type ReadText } from "./read-input.js";
import "./schema-form.css";

/** A kind's settings as plain data. */
export type Data = Readonly<Record<string, unknown>>;

/** The editor of one setting. */
export interface FieldProps {
	readonly field: Field;
	/** Undefined where the setting is not given. */
	readonly value: unknown;
	/** @param value undefined takes the setting away */
	change(value: unknown): void;
}

/** Editors of settings that have better ones than their type's, by the setting's name. */
export type OwnEditors = Readonly<Record<string, (props: FieldProps) => JSX.Element>>;

/**
 * A form of a kind's settings, made from its schema: a new kind needs nothing here.
 */
export function SchemaForm({
	fields,
	data,
	change,
	own = {},
}: {
	fields: readonly Field[];
	data: Data;
	change: (next: Data, field: string) => void;
	own?: OwnEditors;
}): JSX.Element {
	return (
		<div class="schema-fields">
			{fields.map((field) => {
				const Editor = EDITORS[field.type];
				const { [field.name]: value, ...others } = data;
				const set = (next: unknown): void =>
					change(next === undefined ? others : { ...data, [field.name]: next }, field.name);
				return (
					<div class="schema-field" key={field.name} title={field.doc}>
						<span class="name">{field.name}</span>
						{own[field.name]?.({ field, value, change: set }) ?? (
							<Editor field={field} value={value} change={set} />
						)}
					</div>
				);
			})}
		</div>
	);
}

const EDITORS: { readonly [T in Field["type"]]: ComponentType<FieldProps> } = {
	choice: ChoiceField,
	flag: FlagField,
	number: NumberField,
	text: TextField,
	list: ListField,
	value: ValueField,
};

function ChoiceField({ field, value, change }: FieldProps): JSX.Element {
	const { name, choices = [], required } = field;
	return (
		<select
			aria-label={name}
			value={typeof value === "string" ? value : ""}
			onChange={({ currentTarget }) => change(currentTarget.value || undefined)}
		>
			{(!required || typeof value !== "string") && <option value="">{required ? "(other)" : "usual"}</option>}
			{choices.map((choice) => (
				<option key={choice} value={choice}>
					{choice}
				</option>
			))}
		</select>
	);
}

function FlagField({ field, value, change }: FieldProps): JSX.Element {
	return (
		<select
			aria-label={field.name}
			value={value === undefined ? "" : String(value)}
			onChange={({ currentTarget }) =>
				change(currentTarget.value === "" ? undefined : currentTarget.value === "true")
			}
		>
			<option value="">usual</option>
			<option value="true">yes</option>
			<option value="false">no</option>
		</select>
	);
}

function NumberField({ field, value, change }: FieldProps): JSX.Element {
	const { name, required } = field;
	const read = (text: string): ReadText<unknown> => {
		if (text.trim() === "") return required ? { problem: "a number is needed here" } : { value: undefined };
		return numberOf(text, field);
	};
	return <ReadInput label={name} value={value} write={shown} read={read} change={change} />;
}

function TextField({ field, value, change }: FieldProps): JSX.Element {
	const read = (text: string): ReadText<unknown> => ({ value: text === "" ? undefined : text });
	return <ReadInput label={field.name} value={value} write={shown} read={read} change={change} />;
}

/** Entries behind each other: "0 3 -1", "0.1, 1.3", "all". */
export function ListField({ field, value, change }: FieldProps): JSX.Element {
	const { name, all, numbers, required } = field;
	const read = (text: string): ReadText<unknown> => {
		const parts = text.split(/[\s,;]+/).filter((part) => part !== "");
		if (parts.length === 0)
			return required ? { problem: "at least one is needed here" } : { value: undefined };
		if (all && parts.length === 1 && parts[0] === "all") return { value: "all" };
		if (!numbers) return { value: parts };
		const read = parts.map((part) => numberOf(part, field));
		const bad = read.find((one) => "problem" in one);
		return bad ?? { value: read.map((one) => ("value" in one ? one.value : 0)) };
	};
	return (
		<ReadInput
			label={name}
			value={value}
			write={shown}
			read={read}
			change={change}
			placeholder={all ? `such as ${numbers ? "0 1" : "0.1 1.3"}, or all` : undefined}
		/>
	);
}

/** Anything: JSON, and what is none as a word. */
function ValueField({ field, value, change }: FieldProps): JSX.Element {
	const read = (text: string): ReadText<unknown> => {
		if (text.trim() === "")
			return field.required ? { problem: "something is needed here" } : { value: undefined };
		try {
			return { value: JSON.parse(text) };
		} catch {
			return /^[[{"]/.test(text.trim()) ? { problem: "the JSON is not complete" } : { value: text };
		}
	};
	const write = (given: unknown): string =>
		given === undefined ? "" : typeof given === "string" ? given : JSON.stringify(given);
	return <ReadInput label={field.name} value={value} write={write} read={read} change={change} />;
}

function shown(value: unknown): string {
	return Array.isArray(value) ? value.join(" ") : value === undefined ? "" : String(value);
}

function numberOf(text: string, { min, max, whole }: Field): ReadText<number> {
	const value = Number(text);
	if (!Number.isFinite(value) || text.trim() === "") return { problem: `"${text}" is no number` };
	if (whole && !Number.isInteger(value)) return { problem: `${text}: whole numbers only` };
	if (min !== undefined && value < min) return { problem: `${text}: allowed from ${min}` };
	if (max !== undefined && value > max) return { problem: `${text}: allowed to ${max}` };
	return { value };
}

import type { Intervention } from "headscope";
import type { JSX } from "preact";
import type { Kinds } from "../../../service/methods/kinds.js";
import { useStudio } from "../../studio.js";
import { promptDonor, RANDOM } from "./donors.js";
import { editChange } from "./edit-changes.js";
import { PairsField } from "./pairs-field.js";
import { ReadInput, type ReadText } from "./read-input.js";
import { type Data, type FieldProps, ListField, type OwnEditors, SchemaForm } from "./schema-form.js";
import { TokenPicker } from "./token-picker.js";

/** A name for "the unchanged model on the same prompts" that every experiment knows. */
export const CLEAN = "clean";

/** All settings of one change. */
export function ChangeEditor({
	index,
	kinds,
	draw,
}: {
	index: number;
	kinds: Kinds;
	draw: () => void;
}): JSX.Element | null {
	const studio = useStudio();
	const { changes, prompts } = studio.scene.value;
	const change = changes[index];
	const form = kinds.interventions.find(({ kind }) => kind === change?.data.kind);
	if (!change || !form) return null;
	const fields = form.fields.filter(({ name }) => {
		if (name === "strength") return false; // it has a slider of its own
		if (name === "rows") return prompts.length > 1 || (change.data as Data).rows !== undefined;
		return true;
	});
	const own: OwnEditors = {
		...OWN,
		at: (props) => <PointField {...props} points={kinds.points} />,
		pattern: (props) => <PatternField {...props} draw={draw} />,
	};
	return (
		<div class="change-editor">
			<p class="quiet">{form.doc}</p>
			<SchemaForm
				key={`${index} ${change.data.kind}`}
				fields={fields}
				data={change.data as Data}
				own={own}
				change={(data, field) =>
					editChange(studio, index, { data: withoutStale(data, field) as Intervention }, field)
				}
			/>
		</div>
	);
}

/** A name takes no rows that are scaled. */
function withoutStale(data: Data, field: string): Data {
	if (field !== "pattern" || typeof data.pattern !== "string") return data;
	const { normalize: _, ...others } = data;
	return others;
}

const OWN: OwnEditors = {
	positions: (props) => <PositionsField {...props} />,
	keys: (props) => <PositionsField {...props} />,
	from: (props) => <DonorField {...props} />,
	dictionary: (props) => <DictionaryField {...props} />,
	pairs: (props) => <PairsField {...props} />,
	vector: (props) => <VectorField {...props} />,
};

/** Positions as numbers, or by clicking tokens. */
function PositionsField(props: FieldProps): JSX.Element {
	const { field, value, change } = props;
	return (
		<>
			<ListField {...props} />
			<TokenPicker
				label={`${field.name} by token`}
				chosen={Array.isArray(value) ? (value as number[]) : []}
				change={(chosen) => {
					if (chosen.length > 0) change(chosen);
					else if (!field.required) change(undefined);
				}}
			/>
		</>
	);
}

/** The hook point, by name. */
function PointField({
	field,
	value,
	change,
	points,
}: FieldProps & { points: readonly string[] }): JSX.Element {
	const list = field.type === "list";
	const read = (text: string): ReadText<unknown> => {
		const parts = text.split(/[\s,]+/).filter((part) => part !== "");
		if (parts.length === 0) return { value: undefined };
		return { value: list && parts.length > 1 ? parts : parts.join(" ") };
	};
	const write = (given: unknown): string => (Array.isArray(given) ? given.join(" ") : String(given ?? ""));
	return (
		<ReadInput
			label={field.name}
			value={value}
			write={write}
			read={read}
			change={change}
			choices={points}
			placeholder="usual"
		/>
	);
}

/** Whose values are taken, and the text where it is one that was typed here. */
function DonorField({ field, value, change }: FieldProps): JSX.Element {
	const studio = useStudio();
	const { donors, prompts } = studio.scene.value;
	const names = [
		...new Set([CLEAN, ...Object.keys(donors), ...(value === undefined ? [] : [String(value)])]),
	];
	const donor = donors[String(value)];
	const text = typeof donor === "object" ? donor.prompts?.[0] : undefined;
	const follows = prompts.some((_, i) => promptDonor(i) === value);
	return (
		<>
			<select
				aria-label={field.name}
				value={String(value ?? "")}
				onChange={({ currentTarget }) => change(currentTarget.value || undefined)}
			>
				{!field.required && <option value="">the prompts themselves</option>}
				{names.map((name) => (
					<option key={name} value={name}>
						{name === CLEAN ? "clean: the unchanged model" : name}
					</option>
				))}
			</select>
			{value === RANDOM && <span class="quiet">rows of random tokens</span>}
			{text !== undefined && !follows && (
				<input
					type="text"
					aria-label={`text of donor ${value}`}
					spellcheck={false}
					value={text}
					onInput={({ currentTarget }) => {
						const { donors: now } = studio.scene.peek();
						const edited = { ...(donor as object), prompts: [currentTarget.value] };
						studio.edit({ donors: { ...now, [String(value)]: edited } }, `donor ${value}`);
					}}
				/>
			)}
		</>
	);
}

/** A sparse autoencoder, by its folder. */
function DictionaryField({ field, value, change }: FieldProps): JSX.Element {
	const { dictionaries = [] } = useStudio().greeting.value ?? {};
	const names = [...new Set([...dictionaries, ...(value ? [String(value)] : [])])];
	return (
		<>
			<select
				aria-label={field.name}
				value={String(value ?? "")}
				onChange={({ currentTarget }) => change(currentTarget.value)}
			>
				{!value && <option value="">...</option>}
				{names.map((name) => (
					<option key={name} value={name}>
						{name}
					</option>
				))}
			</select>
			{dictionaries.length === 0 && (
				<span class="quiet">none here; they are given as headscope studio MODEL --sae FOLDER</span>
			)}
		</>
	);
}

/** A pattern by name, or drawn. */
function PatternField({ field, value, change, draw }: FieldProps & { draw: () => void }): JSX.Element {
	return (
		<>
			<select
				aria-label={field.name}
				value={typeof value === "string" ? value : ""}
				onChange={({ currentTarget }) => currentTarget.value && change(currentTarget.value)}
			>
				{typeof value !== "string" && <option value="">drawn by hand</option>}
				{field.choices?.map((name) => (
					<option key={name} value={name}>
						{name}
					</option>
				))}
			</select>
			<button type="button" onClick={draw}>
				Draw
			</button>
		</>
	);
}

/** Too many numbers to look at. */
function VectorField({ value }: FieldProps): JSX.Element {
	return (
		<span class="quiet">{Array.isArray(value) ? `${value.length} numbers` : "none; it is a donor's"}</span>
	);
}

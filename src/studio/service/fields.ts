/** A setting of a kind of intervention or metric, as a form shows it. */
export interface Field {
	readonly name: string;
	readonly doc: string;
	readonly required: boolean;
	/**
	 * `choice` of some words, `flag`, `number`, `text`, `list` of numbers or words, `value`: anything as JSON, or a bare word.
	 */
	readonly type: "choice" | "flag" | "number" | "text" | "list" | "value";
	readonly choices?: readonly string[];
	/** Of a number. */
	readonly min?: number;
	readonly max?: number;
	readonly whole?: boolean;
	/** Of a list: whether its entries are numbers, and whether "all" may stand for it. */
	readonly numbers?: boolean;
	readonly all?: boolean;
}

/** A kind with its settings. */
export interface KindForm {
	readonly kind: string;
	readonly doc: string;
	readonly fields: readonly Field[];
}

/** What is read of a JSON Schema. */
export interface JsonSchema {
	readonly type?: string;
	readonly description?: string;
	readonly const?: unknown;
	readonly enum?: readonly unknown[];
	readonly minimum?: number;
	readonly maximum?: number;
	readonly items?: JsonSchema | boolean;
	readonly prefixItems?: readonly JsonSchema[];
	readonly anyOf?: readonly JsonSchema[];
	readonly oneOf?: readonly JsonSchema[];
	readonly properties?: Readonly<Record<string, JsonSchema>>;
	readonly required?: readonly string[];
}

/** The kinds that a JSON Schema of one, or one among other spellings, tells apart. */
export function kindForms(schema: JsonSchema): KindForm[] {
	const parts = schema.anyOf ?? schema.oneOf;
	if (parts) return parts.flatMap(kindForms);
	const kind = schema.properties?.kind?.const;
	if (typeof kind !== "string") return [];
	const fields = Object.entries(schema.properties ?? {})
		.filter(([name]) => name !== "kind")
		.map(([name, field]) => fieldOf(name, field, schema.required?.includes(name) ?? false));
	return [{ kind, doc: schema.description ?? "", fields }];
}

function fieldOf(name: string, schema: JsonSchema, required: boolean): Field {
	return { name, doc: schema.description ?? "", required, ...typeOf(schema) };
}

function typeOf(schema: JsonSchema): Pick<Field, "type"> & Partial<Field> {
	const { type, items, anyOf, enum: choices } = schema;
	if (choices) return { type: "choice", choices: choices.map(String) };
	if (type === "boolean") return { type: "flag" };
	if (type === "string") return { type: "text" };
	if (type === "number" || type === "integer") return { type: "number", ...limits(schema) };
	if (type === "array") return listOf(items) ?? { type: "value" };
	if (!anyOf) return { type: "value" };
	const words = anyOf.find((part) => part.enum)?.enum;
	if (words) return { type: "choice", choices: words.map(String) };
	const list = anyOf.map(({ items: entries }) => listOf(entries)).find((found) => found);
	const others = anyOf.filter(({ type: other }) => other !== "array");
	// a list, or one word that may as well be a list of one, or "all"
	const all = others.some((part) => part.const === "all");
	const word = !list?.numbers && others.every((part) => part.type === "string");
	return list && (all || word) ? { ...list, all } : { type: "value" };
}

function listOf(items: JsonSchema | boolean | undefined): (Pick<Field, "type"> & Partial<Field>) | undefined {
	if (typeof items !== "object") return undefined;
	if (items.type === "string") return { type: "list", numbers: false, all: false };
	if (items.type === "integer" || items.type === "number")
		return { type: "list", numbers: true, all: false, whole: items.type === "integer" };
	return undefined;
}

function limits({ type, minimum, maximum }: JsonSchema): Partial<Field> {
	return {
		whole: type === "integer",
		// whole numbers have the limits of what is exact, which are none for people
		...(minimum !== undefined && Number.isSafeInteger(minimum - 1) && { min: minimum }),
		...(maximum !== undefined && Number.isSafeInteger(maximum + 1) && { max: maximum }),
	};
}

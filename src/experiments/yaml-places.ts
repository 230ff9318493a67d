import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { yamlFault } from "../shared/yaml-fault.js";
import { ExperimentError } from "./errors.js";

/** Uses of aliases in a document, and of one when what it stands for holds others. */
const MOST_ALIASES = 100;

/** Where something stands in data: keys and indices from the top. */
export type DataPath = readonly (string | number)[];

/** A place in data as errors name it, such as "metrics[0].positions". */
export function pathText(path: DataPath): string {
	return path
		.map((part, i) => (typeof part === "number" ? `[${part}]` : `${i > 0 ? "." : ""}${part}`))
		.join("");
}

/** YAML (or JSON, which is YAML) that knows where in the text each of its values stands. */
export class YamlPlaces {
	private readonly lines = new LineCounter();
	private readonly document: Document.Parsed;
	/** As plain data. */
	readonly data: unknown;

	/** @throws {ExperimentError} for text that is no YAML, and for one whose aliases unfold to very much */
	constructor(
		text: string,
		/** What errors call it, such as the file's name. */
		readonly name: string,
	) {
		this.document = parseDocument(text, {
			lineCounter: this.lines,
			prettyErrors: false,
			logLevel: "error",
			uniqueKeys: false,
		});
		const [fault] = this.document.errors;
		if (fault) this.failAt(fault.pos[0], fault.message);
		const wrong = yamlFault(this.document.contents, MOST_ALIASES);
		if (wrong) this.failAt(wrong.node.range?.[0] ?? 0, wrong.what);
		try {
			this.data = this.document.toJS({ maxAliasCount: MOST_ALIASES });
		} catch (error) {
			this.failAt(0, (error as Error).message);
		}
		if (holdsItself(this.data)) this.failAt(0, "an alias stands inside what it stands for");
	}

	/** Throws with the place of a value or key in front. */
	fail(path: DataPath, what: string, key?: string): never {
		throw new ExperimentError(`${this.at(path, key)}: ${what}`, { path });
	}

	/**
	 * `name:line:column` of a value, or of the nearest thing above it that is there.
	 * @param key a key of that value, where the key itself is meant
	 */
	at(path: DataPath, key?: string): string {
		return this.placeOf(this.offsetOf(path, key));
	}

	private offsetOf(path: DataPath, key: string | undefined): number {
		let node = this.document.contents as Node | null;
		for (const part of path) {
			const inner = this.child(node, part)?.value;
			if (!inner) break;
			node = inner;
		}
		const named = key === undefined ? undefined : this.child(node, key)?.key;
		return (named ?? node)?.range?.[0] ?? 0;
	}

	private child(node: Node | null, part: string | number): { key?: Node; value: Node | null } | undefined {
		if (isSeq(node)) return { value: (node.items[Number(part)] as Node | undefined) ?? null };
		if (!isMap(node)) return undefined;
		const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
		return pair && { key: pair.key as Node, value: pair.value as Node | null };
	}

	private placeOf(offset: number): string {
		const { line, col } = this.lines.linePos(offset);
		return `${this.name}:${line}:${col}`;
	}

	private failAt(offset: number, what: string): never {
		throw new ExperimentError(`${this.placeOf(offset)}: ${what.replaceAll(/\s+/g, " ")}`);
	}
}

/** Whether a list or mapping is somewhere inside itself, which aliases can make and no JSON can say. */
function holdsItself(value: unknown, above = new Set<unknown>(), seen = new Set<unknown>()): boolean {
	if (typeof value !== "object" || value === null) return false;
	if (above.has(value)) return true;
	if (seen.has(value)) return false;
	seen.add(value);
	above.add(value);
	const found = Object.values(value).some((part) => holdsItself(part, above, seen));
	above.delete(value);
	return found;
}

import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml";
import { nearest } from "../hooks/select.js";
import { faultIn, fieldAt } from "./config-fields.js";
import { TrainError } from "./errors.js";
import { float, type PythonDict, type PythonValue, plain } from "./python-json.js";
import type { Distribution, Sweep, SweepParameter } from "./sweep.js";

/** Longest sweep file: 64 KiB. */
export const MAX_SWEEP_TEXT = 2 ** 16;

/** Keys of the tracking service's grammar (docs.wandb.ai, "Define sweep configuration"). */
const TOP_KEYS = [
	...["name", "description", "method", "metric", "program", "command", "project", "entity"],
	...["parameters", "run_cap", "early_terminate"],
];
const PARAMETER_KEYS = ["value", "values", "parameters", "distribution", "min", "max", "probabilities"];
const DISTRIBUTIONS = ["int_uniform", "uniform", "log_uniform_values"] as const;
const METHODS = ["grid", "random"] as const;

/**
 * Reads a sweep in the tracking service's YAML grammar.
 *
 * @param text the file
 * @param name what errors call it
 * @throws {TrainError} `name:line:column: what, what is allowed`, for YAML that does not parse, keys
 *   that are unknown, and values that the setting cannot have
 */
export function parseSweep(text: string, name = "sweep"): Sweep {
	if (text.length > MAX_SWEEP_TEXT) {
		throw new TrainError(`${name}: ${text.length} letters, allowed up to ${MAX_SWEEP_TEXT} in a sweep file`);
	}
	return new Parser(text, name).sweep();
}

class Parser {
	private readonly lines = new LineCounter();
	private readonly parameters: SweepParameter[] = [];

	constructor(
		private readonly text: string,
		private readonly name: string,
	) {}

	sweep(): Sweep {
		const document = parseDocument(this.text, { lineCounter: this.lines });
		const [error] = document.errors;
		if (error) this.failAt(error.pos[0], plainWords(error.message));
		const root = document.contents;
		if (!isMap(root)) this.fail(root, "a sweep is a mapping with method and parameters");
		const top = this.entries(root, TOP_KEYS, "a sweep");
		const method = METHODS.find((m) => m === this.scalar(top.get("method")));
		if (!method) this.fail(top.get("method") ?? root, `the method must be ${METHODS.join(" or ")}`);
		const cap = top.get("run_cap");
		const runCap = cap && this.scalar(cap);
		if (runCap !== undefined && !(Number.isSafeInteger(runCap) && (runCap as number) > 0)) {
			this.fail(cap, "run_cap must be a whole number above 0");
		}
		this.group(top.get("parameters"), [], root, method);
		return {
			name: this.name,
			method,
			parameters: this.parameters,
			...(runCap === undefined ? {} : { runCap: runCap as number }),
		};
	}

	/** The parameters of one level; each is a setting or a level of its own. */
	private group(
		node: Node | undefined,
		path: readonly string[],
		parent: Node,
		method: Sweep["method"],
	): void {
		if (!isMap(node) || node.items.length === 0) {
			this.fail(
				node ?? parent,
				`parameters${path.length ? ` of ${path.join(".")}` : ""} must be a mapping, not empty`,
			);
		}
		for (const { key, value } of node.items) {
			const inner = [...path, this.key(key as Node)];
			const field = fieldAt(inner);
			if (typeof field === "string") this.fail(key as Node, field);
			if (!isMap(value)) {
				this.fail((value ?? key) as Node, `${inner.join(".")} must have value, values or parameters`);
			}
			this.parameter(value, inner, method);
		}
	}

	private parameter(node: YAMLMap, path: readonly string[], method: Sweep["method"]): void {
		const at = path.join(".");
		const keys = this.entries(node, PARAMETER_KEYS, at);
		const nested = keys.get("parameters");
		if (nested) {
			if (keys.size > 1) this.fail(node, `${at} has parameters and other keys; allowed is one of them`);
			this.group(nested, path, node, method);
			return;
		}
		const [values, value] = [keys.get("values"), keys.get("value")];
		if (values) {
			if (!isSeq(values) || values.items.length === 0)
				this.fail(values, `values of ${at} must be a list, not empty`);
			const choices = values.items.map((item) => this.checked(item as Node, path));
			this.parameters.push({ path, choices, ...this.probabilities(keys, choices.length, at, method) });
		} else if (value) {
			this.parameters.push({ path, choices: [this.checked(value, path)] });
		} else {
			this.parameters.push({ path, distribution: this.distribution(node, keys, path, method) });
		}
	}

	private probabilities(
		keys: ReadonlyMap<string, Node>,
		count: number,
		at: string,
		method: Sweep["method"],
	): { probabilities?: number[] } {
		const node = keys.get("probabilities");
		if (!node) return {};
		if (method === "grid") this.fail(node, `${at} has probabilities, which only a random sweep uses`);
		const list = plain(this.value(node));
		const fits =
			Array.isArray(list) && list.length === count && list.every((p) => typeof p === "number" && p >= 0);
		const sum = fits ? (list as number[]).reduce((a, b) => a + b, 0) : 0;
		if (Math.abs(sum - 1) > 1e-6) {
			this.fail(node, `probabilities of ${at} must be ${count} numbers from 0 that sum to 1`);
		}
		return { probabilities: list as number[] };
	}

	private distribution(
		node: Node,
		keys: ReadonlyMap<string, Node>,
		path: readonly string[],
		method: Sweep["method"],
	): Distribution {
		const at = path.join(".");
		const [low, high] = [keys.get("min"), keys.get("max")];
		if (!low || !high)
			this.fail(
				node,
				`${at} must have value, values or parameters${method === "random" ? ", or min and max" : ""}`,
			);
		if (method === "grid")
			this.fail(low, `${at} has min and max, which only a random sweep uses; a grid needs values`);
		const [min, max] = [this.checked(low, path), this.checked(high, path)];
		const named = keys.get("distribution");
		const whole = Number.isInteger(min) && Number.isInteger(max);
		const kind = named
			? DISTRIBUTIONS.find((d) => d === this.scalar(named))
			: whole
				? "int_uniform"
				: "uniform";
		if (!kind) this.fail(named ?? node, `the distribution of ${at} must be ${DISTRIBUTIONS.join(", ")}`);
		const [from, to] = [plain(min) as number, plain(max) as number];
		if (
			!(from <= to) ||
			(kind === "log_uniform_values" && !(from > 0)) ||
			(kind === "int_uniform" && !whole)
		) {
			this.fail(low, `${at} from ${from} to ${to} has no ${kind} distribution`);
		}
		return { kind, min: from, max: to };
	}

	/** A value that the setting can have. */
	private checked(node: Node, path: readonly string[]): PythonValue {
		const value = this.value(node);
		const field = fieldAt(path);
		const fault = typeof field === "string" ? field : faultIn(field, plain(value));
		if (fault) this.fail(node, `${path.join(".")}: ${fault}`);
		return value;
	}

	/** YAML as Python would hold it. */
	private value(node: Node | null): PythonValue {
		if (node === null) return null;
		if (isSeq(node)) return node.items.map((item) => this.value(item as Node));
		if (isMap(node)) {
			const entries = node.items.map(({ key, value }) => [this.key(key as Node), this.value(value as Node)]);
			return Object.fromEntries(entries) as PythonDict;
		}
		if (!isScalar(node)) return this.fail(node, "aliases are not read; repeat the value");
		const { value, source } = node;
		if (typeof value === "number") return /[.eE]/.test(source ?? "") ? float(value) : value;
		if (value === null || typeof value === "string" || typeof value === "boolean") return value;
		return this.fail(node, `a value of type ${typeof value}; allowed are numbers, texts, true, false, null`);
	}

	private scalar(node: Node | undefined): unknown {
		return isScalar(node) ? node.value : undefined;
	}

	private key(node: Node): string {
		const key = this.scalar(node);
		return typeof key === "string" ? key : this.fail(node, "a key must be text");
	}

	/** The values of a mapping whose keys are all known. */
	private entries(node: YAMLMap, allowed: readonly string[], at: string): Map<string, Node> {
		const entries = new Map<string, Node>();
		for (const { key, value } of node.items) {
			const name = this.key(key as Node);
			if (!allowed.includes(name)) {
				const [first] = nearest(name, allowed, 1);
				this.fail(
					key as Node,
					`unknown key "${name}" of ${at}, nearest is "${first}"; allowed are ${allowed.join(", ")}`,
				);
			}
			if (value) entries.set(name, value as Node);
		}
		return entries;
	}

	private fail(node: Node | null | undefined, what: string): never {
		return this.failAt(node?.range?.[0] ?? 0, what);
	}

	private failAt(offset: number, what: string): never {
		const { line, col } = this.lines.linePos(offset);
		throw new TrainError(`${this.name}:${line}:${col}: ${what.replaceAll(/\s+/g, " ")}`);
	}
}

/** The YAML parser's message without its place, its advice for programmers and its picture of the line. */
function plainWords(message: string): string {
	if (message.startsWith("Maximum call stack")) return "nested too deeply";
	return (message.split("\n")[0] ?? "").replace(/ at line \d+.*$/, "").replace(/;? ?please .*$/i, "");
}

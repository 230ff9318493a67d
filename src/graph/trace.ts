import * as ops from "./ops/index.js";
import { Value } from "./value.js";

/** The functions over graph values: `g.mul(v, 2)`. */
export type G = typeof ops;

/** What a hook function may look at beside the value. */
export interface HookSite {
	/** Full name of the point, e.g. "blocks.5.attn.hook_pattern". */
	readonly name: string;
	/** The value of a point that was reached earlier in the same run; anything else is an error. */
	get(name: string): Value;
}

/** A function over graph values at a hook point: returns the value or what shall stand in its place. */
export type HookFn = (value: Value, g: G, site: HookSite) => Value;

/** A module's function: values in, one value out. */
export type ModuleFn = (...inputs: Value[]) => Value;

/** What a caller wants from a trace. All of it is optional. */
export interface TraceOptions {
	/** Hook functions for a point, in the order they apply. */
	hooks?: (name: string) => readonly HookFn[];
	/** Another function for the module at a path; it is given the original. */
	patch?: (path: string, original: ModuleFn) => ModuleFn | undefined;
	/** Whether a point that costs extra was asked for by name. */
	wants?: (name: string) => boolean;
}

/** A module whose hook points are named after something else than the module. */
export interface ModuleName {
	readonly module: string;
	/** What stands for the module's name in front of the points inside it; "" leaves it out. */
	readonly points: string;
}

/** One module of the traced tree. */
export interface ModuleNode {
	readonly path: string;
	readonly children: ModuleNode[];
	/** What it was called with; absent for the root. */
	readonly inputs?: readonly Value[];
	/** What its function gave. */
	computed?: Value;
	/** What the rest of the model reads of it: `computed` after hooks. */
	output?: Value;
}

/**
 * The one primitive under hooks, patches and probes: `call(name, fn, ...inputs)` runs `fn` as the module
 * `name` of the module that is being traced. A patch replaces `fn`, a hook replaces the output, a probe
 * reads `values` afterwards. Paths are the dotted names of modules ("blocks.0.attn").
 */
export class Trace {
	/** The value at every point and module that was reached, after hooks. */
	readonly values = new Map<string, Value>();
	/** Points in the order they were reached; optional ones are marked. */
	readonly points = new Map<string, { optional: boolean }>();
	readonly root: ModuleNode = { path: "", children: [] };
	private current: ModuleNode = this.root;
	/** What stands in front of the names of points here. */
	private prefix = "";

	constructor(private readonly options: TraceOptions = {}) {}

	/** Runs a module. */
	call(name: string | ModuleName, fn: ModuleFn, ...inputs: Value[]): Value {
		const { module, points } = typeof name === "string" ? { module: name, points: name } : name;
		const [parent, prefix] = [this.current, this.prefix];
		const path = dotted(parent.path, module);
		const node: ModuleNode = { path, children: [], inputs };
		parent.children.push(node);
		this.current = node;
		this.prefix = dotted(prefix, points);
		try {
			const chosen = this.options.patch?.(path, fn) ?? fn;
			node.computed = chosen(...inputs);
			node.output = this.settle(path, node.computed);
			return node.output;
		} finally {
			this.current = parent;
			this.prefix = prefix;
		}
	}

	/**
	 * A hook point: the value, or what an intervention made of it. Where the value is the output of a module that
	 * was called here, that module's entry in `values` follows, so that both names show what is read.
	 */
	hook(name: string, value: Value): Value {
		const path = this.pathOf(name);
		this.points.set(path, { optional: false });
		const result = this.settle(path, value);
		if (result !== value) this.follow(this.current.children, value, result);
		return result;
	}

	/** Gives modules whose output is `before`, and those inside them that it came from, the output `after`. */
	private follow(nodes: readonly ModuleNode[], before: Value, after: Value): void {
		for (const node of nodes) {
			if (node.output !== before) continue;
			node.output = after;
			this.values.set(node.path, after);
			this.follow(node.children, before, after);
		}
	}

	/**
	 * A point that is computed only when it was asked for by name. Returns what a hook put in its place,
	 * or undefined where nothing did, so that the plain computation goes on.
	 */
	optional(name: string, value: () => Value): Value | undefined {
		const path = this.pathOf(name);
		this.points.set(path, { optional: true });
		if (!this.options.wants?.(path)) return undefined;
		const before = value();
		const after = this.settle(path, before);
		return after === before ? undefined : after;
	}

	/** Whether an optional point of this module was asked for. */
	wants(name: string): boolean {
		return this.options.wants?.(this.pathOf(name)) ?? false;
	}

	/** Whether hook functions will be applied at a point of this module. */
	edits(name: string): boolean {
		return (this.options.hooks?.(this.pathOf(name)).length ?? 0) > 0;
	}

	private pathOf(name: string): string {
		return dotted(this.prefix, name);
	}

	private settle(name: string, value: Value): Value {
		let result = value;
		const site: HookSite = {
			name,
			get: (other) => {
				const found = this.values.get(other);
				if (!found)
					throw new RangeError(
						`hook at "${name}": "${other}" has not been computed at this point of the run`,
					);
				return found;
			},
		};
		for (const fn of this.options.hooks?.(name) ?? []) {
			result = fn(result, ops, site);
			if (!(result instanceof Value)) {
				throw new TypeError(
					`hook at "${name}": expected ${value}, got ${result === undefined ? "nothing; return the value" : typeof result}`,
				);
			}
			if (result.dtype !== value.dtype || result.shape.join() !== value.shape.join()) {
				throw new TypeError(`hook at "${name}": expected ${value}, got ${result}`);
			}
		}
		this.values.set(name, result);
		return result;
	}
}

function dotted(path: string, name: string): string {
	return path && name ? `${path}.${name}` : path || name;
}

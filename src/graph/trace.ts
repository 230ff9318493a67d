import * as ops from "./ops/index.js";
import type { Value } from "./value.js";

/** The functions over graph values: `g.mul(v, 2)`. */
export type G = typeof ops;

/** What a hook function may look at beside the value. */
export interface HookSite {
	/** Full name of the point, e.g. "blocks.5.attn.hook_pattern". */
	readonly name: string;
	/** The value of a point that was reached earlier in the same run; an error lists the nearest names. */
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

/** One module of the traced tree. */
export interface ModuleNode {
	readonly path: string;
	readonly children: ModuleNode[];
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

	constructor(private readonly options: TraceOptions = {}) {}

	/** Runs a module. */
	call(name: string, fn: ModuleFn, ...inputs: Value[]): Value {
		const parent = this.current;
		const path = parent.path ? `${parent.path}.${name}` : name;
		const node: ModuleNode = { path, children: [] };
		parent.children.push(node);
		this.current = node;
		try {
			const chosen = this.options.patch?.(path, fn) ?? fn;
			const output = this.settle(path, chosen(...inputs));
			node.output = output;
			return output;
		} finally {
			this.current = parent;
		}
	}

	/** A hook point: the value, or what an intervention made of it. */
	hook(name: string, value: Value): Value {
		const path = this.pathOf(name);
		this.points.set(path, { optional: false });
		return this.settle(path, value);
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
		return this.current.path ? `${this.current.path}.${name}` : name;
	}

	private settle(name: string, value: Value): Value {
		let result = value;
		const site: HookSite = {
			name,
			get: (other) => {
				const found = this.values.get(other);
				if (!found) throw new RangeError(`hook at "${name}": "${other}" has not been computed at this point of the run`);
				return found;
			},
		};
		for (const fn of this.options.hooks?.(name) ?? []) {
			result = fn(result, ops, site);
			if (result.dtype !== value.dtype || result.shape.join() !== value.shape.join()) {
				throw new TypeError(`hook at "${name}": expected ${value}, got ${result}`);
			}
		}
		this.values.set(name, result);
		return result;
	}
}

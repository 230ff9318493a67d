import type { ModuleFn, ModuleNode } from "../graph/trace.js";
import { nearest } from "../hooks/select.js";
import type { Intervention } from "../interventions/index.js";
import { editsOf } from "../interventions/registry.js";
import type { Model } from "../models/model.js";
import { layerOf } from "../models/request.js";
import type { RunOptions } from "../models/run-options.js";
import type { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";

/** What stands in a module's place. */
export type Setting =
	| {
			readonly kind: "function";
			readonly make: (original: ModuleFn) => ModuleFn;
			/** The original is never called, so that nothing inside the module is reached. */
			readonly whole: boolean;
	  }
	/** In the order that the module needs them. */
	| { readonly kind: "weights"; readonly weights: Promise<readonly Tensor[]> }
	| { readonly kind: "interventions"; readonly list: readonly Intervention[] };

/** Options of a run that settings turn into. */
type Changes = Pick<RunOptions, "patches" | "weights" | "interventions" | "concrete">;

/** The dotted paths of a model's modules and of the lists that hold them, and what was set where. */
export class PatchTree {
	/** Paths that run as modules; the others in `paths` are lists. */
	private readonly modules: ReadonlySet<string>;
	/** Names below each path, in the model's order; members of lists by their number. */
	private readonly names = new Map<string, string[]>([["", []]]);
	private readonly settings = new Map<string, Setting>();

	constructor(readonly model: Model) {
		const modules = pathsOf(model.modules());
		this.modules = new Set(modules);
		for (const path of modules) this.addPath(path);
		for (const names of this.names.values())
			if (names.every((name) => /^\d+$/.test(name))) names.sort((a, b) => Number(a) - Number(b));
	}

	has(path: string): boolean {
		return this.names.has(path);
	}

	isModule(path: string): boolean {
		return this.modules.has(path);
	}

	namesBelow(path: string): readonly string[] {
		return this.names.get(path) ?? [];
	}

	/** @throws {PatchError} with the nearest paths */
	check(path: string): void {
		if (this.has(path)) return;
		const known = [...this.names.keys()].filter((name) => name !== "");
		reject(path, `no such module; nearest: ${nearest(path, known, 3).join(", ")}`);
	}

	get(path: string): Setting | undefined {
		return this.settings.get(path);
	}

	/** Settings at a path and below it. */
	within(path: string): [string, Setting][] {
		return [...this.settings].filter(([at]) => isWithin(at, path));
	}

	/** A path above this one with a setting that passes a test. */
	above(path: string, test: (setting: Setting) => boolean): string | undefined {
		return [...this.settings].find(
			([at, setting]) => at !== path && isWithin(path, at) && test(setting),
		)?.[0];
	}

	put(path: string, setting: Setting): void {
		const replaced = this.above(path, (s) => s.kind === "function" && s.whole);
		if (replaced !== undefined)
			reject(
				path,
				`is not reached, since ${replaced || "the model"} was set to a function; reset that first`,
			);
		this.settings.set(path, setting);
	}

	/** @throws {PatchError} for interventions at a module that act outside of it; {InterventionError} for what does not fit */
	checkInside(path: string, list: readonly Intervention[], dictionaries?: RunOptions["dictionaries"]): void {
		const layer = layerOf(path);
		const outside = editsOf(list, { ...this.model.sizes, dictionaries }, path || "model").find(
			({ point }) => layer !== undefined && layerOf(point) !== layer,
		);
		if (outside) reject(path, `the intervention is at ${outside.point}, which is not in this module`);
	}

	clear(path: string): void {
		for (const [at] of this.within(path)) this.settings.delete(at);
	}

	/** What a run has to be given, beside its own options. */
	async options<T extends RunOptions>(own: T): Promise<T> {
		const patches: Record<string, (original: ModuleFn) => ModuleFn> = {};
		const weights: Record<string, Readonly<Record<string, Tensor>>> = {};
		const interventions: Intervention[] = [];
		for (const [path, setting] of this.settings) {
			if (setting.kind === "function") patches[path] = setting.make;
			else if (setting.kind === "weights") weights[path] = this.named(path, await setting.weights);
			else {
				const features = setting.list.filter(({ kind }) => kind === "sae");
				this.checkInside(path, features, own.dictionaries);
				interventions.push(...setting.list);
			}
		}
		const changes: Changes = {
			...(interventions.length > 0 && { interventions: [...interventions, ...(own.interventions ?? [])] }),
			...(Object.keys(weights).length > 0 && { weights: { ...weights, ...own.weights } }),
			// functions bring constants of one size
			...(Object.keys(patches).length > 0 && { patches: { ...patches, ...own.patches }, concrete: true }),
		};
		return { ...own, ...changes };
	}

	private named(path: string, tensors: readonly Tensor[]): Record<string, Tensor> {
		const declared = this.model.moduleWeights(path);
		return Object.fromEntries(declared.map(({ name }, i) => [name, tensors[i] as Tensor]));
	}

	private addPath(path: string): void {
		if (this.has(path)) return;
		const cut = path.lastIndexOf(".");
		const [parent, name] = [path.slice(0, Math.max(0, cut)), path.slice(cut + 1)];
		this.addPath(parent);
		this.names.set(path, []);
		this.names.get(parent)?.push(name);
	}
}

/** Whether a path is another one or lies below it. */
function isWithin(path: string, above: string): boolean {
	return above === "" || path === above || path.startsWith(`${above}.`);
}

/** Every module below a node by path, each once. */
export function pathsOf(node: ModuleNode): string[] {
	return [...new Set(node.children.flatMap((child) => [child.path, ...pathsOf(child)]))];
}

import type { ModuleFn } from "../graph/trace.js";
import { type Intervention, parseInterventions } from "../interventions/index.js";
import type { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import type { PatchTree, Setting } from "./patch-tree.js";

/**
 * What can stand in a module's place: a function of the module's inputs over graph values, a module of another
 * (or the same) model, whose weights and patches are taken, an intervention on the module's heads, or for a list
 * one of these for each member.
 */
export type Replacement = ModuleFn | PatchedModule | Intervention | readonly Replacement[];

/**
 * A module of a model that can be replaced and put back; its members are properties (`attention`) or, in lists,
 * stand under their numbers. The model itself is never changed: what is set takes part in the runs of the
 * wrapper that this belongs to.
 */
export class PatchedModule implements Iterable<PatchedModule> {
	/** The node behind a name is made when it is first asked for, so that it is always the same. */
	private readonly members = new Map<string, PatchedModule>();

	/** @internal */
	constructor(
		/** @internal */
		readonly tree: PatchTree,
		/** Dotted path from the model; "" for the model itself. */
		readonly path: string,
	) {
		// biome-ignore lint/correctness/noConstructorReturn: members are properties under the original's names
		return new Proxy(this, {
			get: (node, name, receiver): unknown =>
				(typeof name === "string" ? node.member(name) : undefined) ?? Reflect.get(node, name, receiver),
			set: (node, name, value, receiver) => {
				const member = typeof name === "string" ? node.member(name) : undefined;
				if (!member) return Reflect.set(node, name, value, receiver);
				member.set(value as Replacement);
				return true;
			},
			has: (node, name) => (typeof name === "string" && node.isMember(name)) || name in node,
		});
	}

	/** Members of a list, or 0. */
	get length(): number {
		return this.tree.namesBelow(this.path).filter((name) => /^\d+$/.test(name)).length;
	}

	/** The members of a list in order. */
	*[Symbol.iterator](): Iterator<PatchedModule> {
		for (let i = 0; i < this.length; i++) yield this.member(String(i)) as PatchedModule;
	}

	/** Names of what lies directly below. */
	names(): readonly string[] {
		return this.tree.namesBelow(this.path);
	}

	/** A module below this one by its dotted path. @throws {PatchError} with the nearest paths */
	at(path: string): PatchedModule {
		this.tree.check(this.path && path ? `${this.path}.${path}` : this.path || path);
		return path
			.split(".")
			.filter(Boolean)
			.reduce<PatchedModule>((node, name) => node.member(name) as PatchedModule, this);
	}

	/**
	 * Puts something in the module's place, and takes back what was set inside it.
	 * @throws {PatchError} for what does not fit here; nothing is changed then
	 */
	set(replacement: Replacement): this {
		const chosen = this.settingsFor(replacement);
		const before = this.tree.within(this.path);
		this.tree.clear(this.path);
		try {
			for (const [path, setting] of chosen) this.tree.put(path, setting);
		} catch (error) {
			this.tree.clear(this.path);
			for (const [path, setting] of before) this.tree.put(path, setting);
			throw error;
		}
		return this;
	}

	/** Puts a function in the module's place that is made from the module's own; what was set inside it stays. */
	wrap(make: (original: ModuleFn) => ModuleFn): this {
		this.checkModule();
		this.tree.put(this.path, { kind: "function", make, whole: false });
		return this;
	}

	/** Takes back everything that was set here and below: the output is the original's, bit for bit. */
	reset(): this {
		this.tree.clear(this.path);
		return this;
	}

	private member(name: string): PatchedModule | undefined {
		if (!this.isMember(name)) return undefined;
		const path = this.path ? `${this.path}.${name}` : name;
		const node = this.members.get(name) ?? new PatchedModule(this.tree, path);
		this.members.set(name, node);
		return node;
	}

	private isMember(name: string): boolean {
		return this.tree.namesBelow(this.path).includes(name);
	}

	private checkModule(): void {
		if (this.tree.isModule(this.path)) return;
		const members = this.names().join(", ");
		reject(this.path || "the model", `is no module with inputs; set its members ${members}`);
	}

	private settingsFor(replacement: Replacement): (readonly [string, Setting])[] {
		if (replacement instanceof PatchedModule) return this.settingsFrom(replacement);
		if (typeof replacement === "function") {
			this.checkModule();
			return [[this.path, { kind: "function", make: () => replacement, whole: true }]];
		}
		if (Array.isArray(replacement) && this.length > 0) {
			if (replacement.length !== this.length)
				reject(this.path, `has ${this.length} members, got a list of ${replacement.length}`);
			return [...this].flatMap((member, i) => member.settingsFor(replacement[i] as Replacement));
		}
		const list = parseInterventions(
			Array.isArray(replacement) ? replacement : [replacement],
			this.path || "model",
		);
		// which point an autoencoder belongs to is known when a run is given it
		const placed = list.filter(({ kind }) => kind !== "sae");
		this.tree.checkInside(this.path, placed);
		return [[this.path, { kind: "interventions", list }]];
	}

	/** Another module's weights, and what is set in it. */
	private settingsFrom(donor: PatchedModule): (readonly [string, Setting])[] {
		const above = donor.tree.above(donor.path, () => true);
		if (above !== undefined)
			reject(
				this.path,
				`cannot be set to ${donor.path}: ${above || "its model"} is replaced; take that instead`,
			);
		const moved = donor.tree.within(donor.path).map(([path, setting]) => {
			const at = this.path + path.slice(donor.path.length);
			this.tree.check(at);
			if (setting.kind === "interventions") reject(at, "interventions of another module are not taken over");
			return [at, setting] as const;
		});
		const own = donor.tree.get(donor.path);
		if (own && own.kind !== "interventions" && (own.kind !== "function" || own.whole)) return moved;
		if (own || !this.tree.isModule(this.path)) {
			if (own) reject(this.path, `cannot be set to ${donor.path}, which wraps its original`);
			const [ours, theirs] = [this.names(), donor.names()];
			if (ours.join() !== theirs.join())
				reject(this.path, `has ${ours.join(", ")}, but ${donor.path} has ${theirs.join(", ")}`);
			return ours.flatMap((name) =>
				(this.member(name) as PatchedModule).settingsFrom(donor.member(name) as PatchedModule),
			);
		}
		return [[this.path, { kind: "weights", weights: this.weightsFrom(donor) }], ...moved];
	}

	/** The donor's weights as they are now, in the order that both modules need them. */
	private weightsFrom(donor: PatchedModule): Promise<readonly Tensor[]> {
		if (!donor.tree.isModule(donor.path))
			reject(this.path, `is a module, but ${donor.path || "what was given"} is a list`);
		const ours = this.tree.model.moduleWeights(this.path);
		const theirs = donor.tree.model.moduleWeights(donor.path);
		const show = (list: typeof ours): string =>
			list.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", ") || "none";
		const fits =
			ours.length === theirs.length && ours.every(({ shape }, i) => shape.join() === theirs[i]?.shape.join());
		if (!fits) reject(this.path, `its weights are ${show(ours)}; those of ${donor.path} are ${show(theirs)}`);
		const read = Promise.all(theirs.map(({ name }) => donor.tree.model.weight(name)));
		read.catch(() => {}); // heard by the next run
		return read;
	}
}

import { HookError } from "./hook-error.js";
import { canonicalName } from "./points.js";

/**
 * Which hook points: a name (aliases and `*` for any part of a name are understood), a regular expression,
 * a list of both, or a test. Points that cost extra are chosen only where they are named: a string that
 * is or matches them, or a regular expression that spells their last part.
 */
export type Names = string | RegExp | readonly (string | RegExp)[] | ((name: string) => boolean);

/** A hook point of a model. */
export interface HookPoint {
	readonly name: string;
	/** Extents, symbolic where they depend on the input: ["batch", "pos", 768]. */
	readonly shape: readonly (number | string)[];
	/** Computed only when asked for by name. */
	readonly optional: boolean;
	/** The output of a module that is no point of its own: chosen by its path where no point is meant. */
	readonly module?: true;
}

/**
 * The points that a selection means, in the order the model reaches them.
 * @throws {HookError} where a part of the selection matches nothing; lists the nearest names.
 */
export function selectPoints(points: readonly HookPoint[], names: Names): HookPoint[] {
	const all = new Set(points.map((p) => p.name));
	if (Array.isArray(names) && names.length === 0) throw new HookError("names: the list is empty");
	const parts = typeof names === "function" || !Array.isArray(names) ? [names] : names;
	const chosen = new Set<string>();
	for (const part of parts as readonly (string | RegExp | ((name: string) => boolean))[]) {
		const found = points.filter(matcherOf(part, all));
		const own = found.filter((point) => !point.module);
		const matching = own.length > 0 ? own : found;
		if (matching.length === 0) throw nothing(part, points);
		for (const { name } of matching) chosen.add(name);
	}
	return points.filter(({ name }) => chosen.has(name));
}

/** Whether a point is meant. What depends on the part alone is worked out once: a list may hold hundreds of names. */
function matcherOf(
	part: string | RegExp | ((name: string) => boolean),
	all: ReadonlySet<string>,
): (point: HookPoint) => boolean {
	if (typeof part === "function") return ({ name, optional, module }) => !module && !optional && part(name);
	if (part instanceof RegExp) {
		return ({ name, optional, module }) => {
			const last = name.slice(name.lastIndexOf(".") + 1);
			// search, unlike test, does not go on where the last match of a global expression ended
			return !module && name.search(part) >= 0 && (!optional || part.source.includes(last));
		};
	}
	if (!part.includes("*")) {
		const meant = canonicalName(part, (n) => all.has(n));
		return ({ name }) => name === meant;
	}
	const pattern = new RegExp(`^${part.split("*").map(escapeRegExp).join("[^.]*")}$`);
	return ({ name }) => pattern.test(name);
}

function escapeRegExp(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function nothing(part: unknown, points: readonly HookPoint[]): HookError {
	const asked =
		typeof part === "function" ? "the given test" : `"${part instanceof RegExp ? part.source : part}"`;
	const near =
		typeof part === "function"
			? []
			: nearest(
					String(part),
					points.map((p) => p.name),
					3,
				);
	const hint = near.length > 0 ? `; nearest: ${near.join(", ")}` : `; the model has ${points.length} points`;
	return new HookError(`no hook point matches ${asked}${hint}`);
}

/** Letters of what was asked that are compared: names are shorter, and hostile files may ask for megabytes. */
const LONGEST_NAME = 200;

/** The names closest to what was asked, by edit distance. */
export function nearest(asked: string, names: readonly string[], count: number): string[] {
	return names
		.map((name) => ({ name, distance: editDistance(asked.slice(0, LONGEST_NAME), name) }))
		.sort((a, b) => a.distance - b.distance)
		.slice(0, count)
		.map(({ name }) => name);
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, j) => j);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
			next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
		}
		row = next;
	}
	return row[b.length] as number;
}

import { HookError } from "../../hooks/hook-error.js";
import { type HookPoint, type Names, nearest, selectPoints } from "../../hooks/select.js";

/**
 * Reads `--names`: a list of hook names ("blocks.0.attn.hook_pattern,hook_embed", `*` for any part of a
 * name), or regular expressions: what is no name is tried as one, and "/.../" is one as a whole, commas
 * included. Points that cost extra are chosen only where they are spelled out.
 * @throws {HookError} for a part that matches nothing; it lists the nearest names.
 */
export function parseNames(text: string, points: readonly HookPoint[]): string[] {
	const whole = /^\/(.+)\/$/s.exec(text)?.[1];
	const parts = whole === undefined ? text.split(",").map((p) => p.trim()) : [text];
	const chosen = new Set<string>();
	for (const part of parts) {
		const found = whole === undefined ? matching(part, points) : selectPoints(points, regExp(whole));
		for (const { name } of found) chosen.add(name);
	}
	return points.filter(({ name }) => chosen.has(name)).map(({ name }) => name);
}

function matching(part: string, points: readonly HookPoint[]): HookPoint[] {
	if (part === "") throw new HookError("--names: an empty name; allowed: hook names or regular expressions");
	const asName = attempt(part, points);
	if (Array.isArray(asName)) return asName;
	const asPattern = attempt(regExp(part), points);
	if (Array.isArray(asPattern)) return asPattern;
	// names are compared whole and by their last part: "hook_patern" is near to "hook_pattern"
	const names = points.map(({ name }) => name);
	const lasts = new Set(names.map((name) => name.slice(name.lastIndexOf(".") + 1)));
	const near = nearest(part, [...new Set([...lasts, ...names])], 3).join(", ");
	throw new HookError(`--names: no hook point matches ${JSON.stringify(part)}; nearest: ${near}`, {
		cause: asName,
	});
}

function attempt(names: Names, points: readonly HookPoint[]): HookPoint[] | HookError {
	try {
		return selectPoints(points, names);
	} catch (error) {
		if (error instanceof HookError) return error;
		throw error;
	}
}

function regExp(source: string): RegExp {
	try {
		return new RegExp(source);
	} catch (error) {
		throw new HookError(`--names: ${JSON.stringify(source)}: ${(error as Error).message}`);
	}
}

import { nearest } from "../hooks/select.js";
import { Model } from "../models/model.js";
import { RegressionModel } from "../models/regression/index.js";
import { reject } from "./errors.js";
import type { LanguageModules, RegressionModules } from "./modules.js";
import { PatchedModel, PatchedRegression } from "./patch.js";
import { pathsOf } from "./patch-tree.js";
import type { PatchedModule } from "./patched-module.js";

/**
 * Wraps a model so that `runWithCache` keeps the outputs of its modules, by dotted path, parents before children.
 * @param model a model, or a wrapper whose patches then count here too
 * @param paths modules to keep, with "*" for all members of a list; those above them are kept too. Default: all
 * @throws {PatchError} for a path that matches no module; lists the nearest
 */
export function hook(
	model: RegressionModel | PatchedRegression,
	...paths: readonly string[]
): PatchedRegression & RegressionModules;
export function hook(
	model: Model | PatchedModel,
	...paths: readonly string[]
): PatchedModel & LanguageModules;
export function hook(
	model: RegressionModel | PatchedRegression | Model | PatchedModel,
	...paths: readonly string[]
): PatchedModule {
	const patched =
		model instanceof RegressionModel
			? new PatchedRegression(model)
			: model instanceof Model
				? new PatchedModel(model)
				: model;
	const entries = entriesOf(patched.tree.model);
	if (paths.length === 0) return patched.keeping(entries);
	const chosen = new Set(paths.flatMap((path) => matching(path, entries)));
	return patched.keeping(
		entries.filter((entry) => [...chosen].some((path) => path === entry || path.startsWith(`${entry}.`))),
	);
}

/** Modules that have an entry in a cache: those that the model lists among its points, or all of them. */
function entriesOf(model: Model): string[] {
	const modules = pathsOf(model.modules());
	const known = new Set(modules);
	const listed = model.hookPoints().filter((point) => known.has(point.name));
	return listed.length > 0 ? listed.map((point) => point.name) : modules;
}

function matching(path: string, entries: readonly string[]): string[] {
	const parts = path.split(".");
	const found = entries.filter((entry) => {
		const names = entry.split(".");
		return names.length === parts.length && parts.every((part, i) => part === "*" || part === names[i]);
	});
	if (found.length === 0)
		reject(path, `matches no module with an output; nearest: ${nearest(path, entries, 3).join(", ")}`);
	return found;
}

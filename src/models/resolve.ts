import type { Checkpoint, TensorSpec, WeightsSpec } from "../weights/index.js";
import { type Dimensions, type Family, ModelError, type WeightDeclaration } from "./family.js";
import { architecturesOf, FAMILIES, familyOf } from "./registry.js";

/** A checkpoint understood: its family, its configuration, and where each weight comes from. */
export interface ResolvedModel {
	readonly family: Family;
	readonly config: Dimensions;
	readonly weights: WeightsSpec;
}

/**
 * Finds the family of a checkpoint by its architecture, never by its name.
 * @throws {ModelError} for an unknown architecture, and for tensors that are missing, unused or of another shape.
 */
export async function resolveModel(checkpoint: Checkpoint): Promise<ResolvedModel> {
	return checkpoint.format === "gguf" ? resolveGguf(checkpoint) : resolveFolder(checkpoint);
}

async function resolveFolder(checkpoint: Checkpoint): Promise<ResolvedModel> {
	const { origin, config: raw, files, entries } = checkpoint;
	const found = familyOf(raw);
	if (!found) {
		const known = FAMILIES.flatMap((f) => f.architectures).join(", ");
		const type = JSON.stringify((raw as { model_type?: unknown }).model_type);
		const got = architecturesOf(raw).join(", ") || `model_type ${type}`;
		if (isHookedConfig(raw)) {
			throw new ModelError(
				`${origin}: config.json has TransformerLens' keys but no architecture; add "architectures": ["HookedTransformer"]`,
			);
		}
		throw new ModelError(`${origin}: unknown architecture ${got}; known: ${known}`);
	}
	const family = await found.load();
	const config = family.parseConfig(raw);
	const byName = new Map<string, string>();
	for (const entry of entries.keys()) {
		const name = family.rename(entry);
		if (name !== undefined) byName.set(name, entry);
	}
	const tensors = family.weights(config).map((declared): TensorSpec => {
		const entry = byName.get(declared.name);
		return bind(checkpoint, declared, entry);
	});
	const used = new Set(tensors.map((t) => t.entry));
	const unused = [...byName].filter(([name, entry]) => !used.has(entry) && !isTiedCopy(name, config));
	refuseUnused(
		origin,
		family,
		unused.map(([, entry]) => entry),
	);
	return { family, config, weights: { files, tensors } };
}

/** Metadata that a configuration would have defaults for, but llama.cpp has none. */
const NEEDED: readonly string[] = [
	"attention.layer_norm_epsilon",
	"attention.layer_norm_rms_epsilon",
	"context_length",
	"use_parallel_residual",
];

async function resolveGguf(checkpoint: Checkpoint): Promise<ResolvedModel> {
	const { origin, gguf, files, entries } = checkpoint;
	const metadata = gguf?.metadata ?? {};
	const architecture = metadata["general.architecture"];
	const found = FAMILIES.find(({ gguf: name }) => name !== undefined && name === architecture);
	const family = await found?.load();
	const layout = family?.gguf;
	if (!family || !layout) {
		const known = FAMILIES.flatMap((f) => f.gguf ?? []).join(", ");
		throw new ModelError(
			`${origin}: unknown architecture ${JSON.stringify(architecture)}; known in GGUF: ${known}`,
		);
	}
	const prefix = `${architecture}.`;
	const unknown = Object.keys(metadata).find(
		(k) => k.startsWith(prefix) && !layout.keys.includes(k.slice(prefix.length)),
	);
	if (unknown !== undefined) {
		throw new ModelError(
			`${origin}: unknown metadata ${JSON.stringify(unknown)}, which may change the result`,
		);
	}
	const missing = layout.keys.find((key) => NEEDED.includes(key) && metadata[prefix + key] === undefined);
	if (missing !== undefined) throw new ModelError(`${origin}: metadata "${prefix}${missing}" is missing`);
	const config = family.parseConfig(
		dropUndefined(layout.config(metadata, (entry) => entries.get(entry)?.shape)),
	);
	const tensors = family.weights(config).map((declared): TensorSpec => {
		const { entry, transform } = layout.entry(declared.name, config);
		return {
			...bind(checkpoint, declared, entries.has(entry) ? entry : undefined, transform?.kind === "transpose"),
			...(transform && { transform }),
		};
	});
	const used = new Set(tensors.map((t) => t.entry));
	refuseUnused(
		origin,
		family,
		[...entries.keys()].filter((entry) => !used.has(entry)),
	);
	return { family, config, weights: { files, tensors } };
}

function bind(
	{ origin, entries }: Checkpoint,
	declared: WeightDeclaration,
	entry: string | undefined,
	transposed = false,
): TensorSpec {
	const found = entry === undefined ? undefined : entries.get(entry);
	if (entry === undefined || !found) throw new ModelError(`${origin}: tensor "${declared.name}" is missing`);
	const stored = transposed ? [...found.shape].reverse() : found.shape;
	if (stored.join() !== declared.shape.join()) {
		throw new ModelError(
			`${origin}: tensor "${entry}" has shape [${stored.join(", ")}], but its configuration asks for [${declared.shape.join(", ")}]`,
		);
	}
	return { name: declared.name, file: found.file, entry, shape: declared.shape };
}

/** Whether a configuration without an architecture has keys that only TransformerLens uses. */
function isHookedConfig(raw: unknown): boolean {
	return (
		architecturesOf(raw).length === 0 &&
		["d_vocab", "d_head", "n_ctx"].every((key) => Object.hasOwn(raw as object, key))
	);
}

/** A tied unembedding is sometimes stored a second time. */
function isTiedCopy(name: string, config: Dimensions): boolean {
	return /^(lm_head|embed_out)\.weight$/.test(name) && "tied" in config && config.tied === true;
}

function refuseUnused(origin: string, family: Family, unused: readonly string[]): void {
	if (unused.length === 0) return;
	const shown = unused
		.slice(0, 5)
		.map((n) => `"${n}"`)
		.join(", ");
	const more = unused.length > 5 ? ` and ${unused.length - 5} more` : "";
	throw new ModelError(`${origin}: ${shown}${more} would not be used by a ${family.name} model`);
}

/** Metadata that a file does not have are left to the schema's defaults. */
function dropUndefined(config: unknown): unknown {
	return Object.fromEntries(Object.entries(config as object).filter(([, value]) => value !== undefined));
}

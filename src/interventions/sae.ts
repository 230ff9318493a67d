import * as z from "zod/mini";
import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { canonicalName } from "../hooks/points.js";
import { nearest } from "../hooks/select.js";
import { encoded, prepared } from "../sae/encode.js";
import type { Sae } from "../sae/sae.js";
import { list, text } from "../shared/schemas.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import {
	defineKind,
	type EditSite,
	type Part,
	patternFields,
	type RunFacts,
	type Sizes,
	type Taken,
} from "./intervention.js";
import { type Change, pointEdits, range } from "./point-edits.js";

const { strength, positions, rows } = patternFields;

/**
 * Features of a sparse autoencoder scaled or taken away: x becomes x + sum_i (factor - 1) f_i d_i with feature i's
 * activation f_i and decoder row d_i. What the autoencoder does not explain stays as it was (Marks et al. 2024, the
 * error term kept), so with a factor of 1 nothing changes. A transcoder's features are computed from the point it reads
 * and change the one it predicts.
 */
export const sae = defineKind({
	kind: "sae",
	doc: "features of a sparse autoencoder or transcoder are scaled, or taken away; the rest of the value stays",
	schema: z.strictObject({
		kind: z.literal("sae"),
		/** The name under which `RunOptions.dictionaries` gives it. */
		dictionary: text,
		/** Features by number, or all of them. */
		features: z.union([z.literal("all"), list(z.int().check(z.nonnegative()))], {
			error: 'allowed "all" or numbers such as [17, 204]',
		}),
		/** What their activations are multiplied by. Default 0: ablated. */
		factor: z.optional(z.number()),
		strength,
		positions,
		rows,
	}),
	examples: [
		{ kind: "sae", dictionary: "dictionary", features: [0, 3] },
		{
			kind: "sae",
			dictionary: "dictionary",
			features: [5, 2],
			factor: 2.5,
			positions: [1, -2],
			strength: 0.5,
		},
		{ kind: "sae", dictionary: "dictionary", features: "all" },
		{ kind: "sae", dictionary: "top", features: [1, 4, 6], rows: [1] },
		{ kind: "sae", dictionary: "transcoder", features: [0, 1, 2, 3, 4], factor: -1 },
	],
	edits: (data, sizes, where) => {
		const found = dictionaryOf(data.dictionary, sizes, where);
		const { dSae, hookNameOut } = found;
		const features = data.features === "all" ? "all" : [...new Set(data.features)];
		const beyond = features === "all" ? undefined : features.find((feature) => feature >= dSae);
		if (beyond !== undefined)
			reject(`${where}.features`, `got ${beyond}, "${data.dictionary}" has features 0..${dSae - 1}`);
		checkFit(found, sizes, where);
		const added = (data.factor ?? 0) - 1;
		const { positions, rows, strength } = data;
		return pointEdits({ positions, rows, strength }, hookNameOut, sizes, where, () =>
			// the k largest of all features cannot be told from a few, and all at once are fed as they are
			found.architecture === "topk" || features === "all"
				? denseChange(data.dictionary, found, features, added)
				: sparseChange(found, features, added),
		);
	},
});

function dictionaryOf(name: string, { dictionaries = {}, points }: Sizes, where: string): Sae {
	if (Object.hasOwn(dictionaries, name)) {
		const found = dictionaries[name] as Sae;
		const full = (point: string): string => canonicalName(point, (one) => points.some((p) => p.name === one));
		return { ...found, hookName: full(found.hookName), hookNameOut: full(found.hookNameOut) };
	}
	const known = Object.keys(dictionaries);
	const near = known.length > 0 ? `; nearest: ${nearest(name, known, 3).join(", ")}` : "; it has none";
	reject(`${where}.dictionary`, `the run was given no dictionary "${name}"${near}`);
}

/** Whether the model has the points, and of the widths that the weights were made for. */
function checkFit(
	{ name, hookName, hookNameOut, dIn, dOut, joinsHeads }: Sae,
	{ points }: Sizes,
	where: string,
): void {
	for (const [point, width] of [
		[hookName, dIn],
		[hookNameOut, dOut],
	] as const) {
		const found = points.find((one) => one.name === point);
		if (!found) {
			const near = nearest(
				point,
				points.map((one) => one.name),
				3,
			).join(", ");
			reject(
				`${where}.dictionary`,
				`${name} belongs to "${point}", which the model has not; nearest: ${near}`,
			);
		}
		const extents = joinsHeads ? found.shape.slice(2) : found.shape.slice(-1);
		const has = extents.reduce<number>((product, extent) => product * Number(extent), 1);
		if (found.shape.length !== (joinsHeads ? 4 : 3) || has !== width)
			reject(
				`${where}.dictionary`,
				`${name} is made for ${width} numbers, "${point}" has [${found.shape.join(", ")}]`,
			);
		if (point !== hookNameOut && found.optional)
			reject(
				`${where}.dictionary`,
				`${name} reads "${point}", which is computed only when asked for by name`,
			);
	}
}

/** What the decoder makes of changed activations, in the place and shape of the value. */
function written(g: G, value: Value, delta: Value, back: (decoded: Value) => Value): Value {
	return g.add(value, g.reshape(back(delta), value.shape));
}

/** A few features: only their rows of the weights are fed, up to the next power of two, so that few programs serve all. */
function sparseChange(sae: Sae, features: readonly number[], added: number): Change {
	const { dIn, dOut, weights } = sae;
	const places = 2 ** Math.ceil(Math.log2(features.length));
	return {
		structure: `${structureOf(sae)}, ${places} features`,
		changed: (value, g, site) => {
			const batch = value.dim(0);
			const vector = (name: string): Value => g.unsqueeze(site.feed(name, [batch, places]), 1);
			const { x, back } = prepared(g, inputOf(value, sae, site), sae);
			const values = {
				encoder: site.take("encoder", [batch, places], [dIn]),
				center: g.unsqueeze(site.feed("center", [batch, dIn]), 1),
				scale: vector("scale"),
				bias: vector("bias"),
				above: vector("above"),
			};
			const changes = g.mul(encoded(g, x, values, sae), vector("factor"));
			const delta = g.matmul(changes, site.take("decoder", [batch, places], [dOut]));
			return written(g, value, delta, back);
		},
		feeds: ({ batch }) => ({
			encoder: rowsOf(weights.encoder, features, places, batch),
			decoder: rowsOf(weights.decoder, features, places, batch),
			center: repeated(weights.center.data, dIn, batch),
			scale: chosen(weights.scale, features, places, batch),
			bias: chosen(weights.bias, features, places, batch),
			above: chosen(weights.above, features, places, batch),
			factor: repeated(
				features.map(() => added),
				places,
				batch,
			),
		}),
	};
}

/** All features are computed; a factor for each of them says which ones change. */
function denseChange(name: string, sae: Sae, features: "all" | readonly number[], added: number): Change {
	const { dIn, dOut, dSae, weights } = sae;
	return {
		// cells share the weights, so they must be those of one dictionary
		structure: `${structureOf(sae)}, all features of ${JSON.stringify(name)}`,
		changed: (value, g, site) => {
			const { x, back } = prepared(g, inputOf(value, sae, site), sae);
			const values = {
				encoder: site.share("encoder", [dSae, dIn]),
				center: site.share("center", [dIn]),
				scale: site.share("scale", [dSae]),
				bias: site.share("bias", [dSae]),
				above: site.share("above", [dSae]),
			};
			const factors = g.unsqueeze(site.feed("factor", [value.dim(0), dSae]), 1);
			const changes = g.mul(encoded(g, x, values, sae), factors);
			return written(g, value, g.matmul(changes, site.share("decoder", [dSae, dOut])), back);
		},
		feeds: ({ batch }: RunFacts): Record<string, Part> => {
			const factors = new Float32Array(dSae);
			for (const feature of features === "all" ? range(dSae) : features) factors[feature] = added;
			const { encoder, center, scale, bias, above, decoder } = weights;
			return {
				encoder: { shared: encoder },
				center: { shared: center },
				scale: { shared: scale },
				bias: { shared: bias },
				above: { shared: above },
				decoder: { shared: decoder },
				factor: repeated(factors, dSae, batch),
			};
		},
	};
}

/** What the graph depends on. */
function structureOf({
	architecture,
	k,
	hookName,
	hookNameOut,
	normalization,
	joinsHeads,
	transcoder,
	dSae,
}: Sae): string {
	const parts = { architecture, k, hookName, hookNameOut, normalization, joinsHeads, transcoder, dSae };
	return `sae ${JSON.stringify(parts)}`;
}

function inputOf(value: Value, { hookName, hookNameOut }: Sae, site: EditSite): Value {
	return hookName === hookNameOut ? value : site.read(hookName);
}

/** Features' rows of a matrix, the same for every row of the batch; places that are left over take any. */
function rowsOf(
	{ shape, data }: Tensor<"float32">,
	features: readonly number[],
	places: number,
	batch: number,
): Taken {
	const width = shape[1] as number;
	const table = Tensor.zeros([features.length, width]);
	for (const [i, f] of features.entries())
		table.data.set(data.subarray(f * width, (f + 1) * width), i * width);
	const place = Tensor.zeros([batch, places], "int32");
	for (let b = 0; b < batch; b++) place.data.set(range(features.length), b * places);
	return { table, places: place };
}

/** Features' entries of a vector: [batch, places]. */
function chosen(
	{ data }: Tensor<"float32">,
	features: readonly number[],
	places: number,
	batch: number,
): Tensor {
	return repeated(
		features.map((feature) => data[feature] as number),
		places,
		batch,
	);
}

/** Numbers as every row of [batch, width], with 0 after them. */
function repeated(row: ArrayLike<number>, width: number, batch: number): Tensor {
	const all = Tensor.zeros([batch, width]);
	for (let b = 0; b < batch; b++) all.data.set(row, b * width);
	return all;
}

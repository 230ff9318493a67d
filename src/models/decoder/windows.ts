import * as z from "zod/mini";
import { count } from "../config-schema.js";
import { ModelError } from "../family.js";

/** Keys of config.json about sliding windows. */
export const windowKeys = {
	sliding_window: z.nullish(count),
	layer_types: z.nullish(z.array(z.enum(["full_attention", "sliding_attention"]))),
};

/** The same where a switch turns windows on, from a layer on unless the layers are listed. */
export const switchedWindowKeys = {
	...windowKeys,
	sliding_window: z._default(z.nullable(count), 4096),
	use_sliding_window: z._default(z.boolean(), false),
	max_window_layers: z._default(z.int().check(z.nonnegative()), 28),
};

interface WindowKeys {
	readonly sliding_window?: number | null | undefined;
	readonly layer_types?: readonly string[] | null | undefined;
}

/**
 * The window of each layer: of those that `layer_types` calls sliding, or where it is not given of those that
 * `slides` chooses.
 * @throws {ModelError} for a list of another length, and for a layer that slides over no window
 */
export function readWindows(
	family: string,
	nLayers: number,
	{ sliding_window: window, layer_types: types }: WindowKeys,
	slides: (layer: number) => boolean,
): (number | undefined)[] {
	if (types && types.length !== nLayers) {
		throw new ModelError(
			`config.json (${family}): layer_types has ${types.length} entries for ${nLayers} layers`,
		);
	}
	return Array.from({ length: nLayers }, (_, layer) => {
		const sliding = types ? types[layer] === "sliding_attention" : slides(layer);
		if (!sliding) return undefined;
		if (window) return window;
		throw new ModelError(
			`config.json (${family}): layer ${layer} is "sliding_attention", but there is no sliding_window in use`,
		);
	});
}

/** `readWindows` where `use_sliding_window` turns them on. */
export function readSwitchedWindows(
	family: string,
	nLayers: number,
	keys: WindowKeys & { readonly use_sliding_window: boolean; readonly max_window_layers: number },
	slides = (layer: number): boolean => layer >= keys.max_window_layers,
): (number | undefined)[] {
	const window = keys.use_sliding_window ? keys.sliding_window : undefined;
	return readWindows(
		family,
		nLayers,
		{ ...keys, sliding_window: window },
		(layer) => window !== undefined && window !== null && slides(layer),
	);
}

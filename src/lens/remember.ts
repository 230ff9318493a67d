import type { Model } from "../models/model.js";
import type { Readout } from "../models/run-options.js";

const known = new WeakMap<Model, Map<string, Readout["outputs"]>>();

/** The readout function of a model for what is asked: made once, since models compile a readout once by its function. */
export function remembered(model: Model, asked: unknown, make: () => Readout["outputs"]): Readout["outputs"] {
	const ofModel = known.get(model) ?? new Map<string, Readout["outputs"]>();
	known.set(model, ofModel);
	const key = JSON.stringify(asked);
	const found = ofModel.get(key) ?? make();
	ofModel.set(key, found);
	return found;
}

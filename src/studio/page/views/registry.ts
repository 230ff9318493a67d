import { HeadsView } from "./heads/heads-view.js";
import type { View } from "./view.js";

/** Every view, in the order of the tabs. */
const LISTED: readonly Omit<View, "key">[] = [
	{
		id: "heads",
		title: "Heads",
		doc: "what every head attends to, and what changes when one is touched",
		// what is shown first: not one more file to wait for
		load: async () => HeadsView,
	},
	{
		id: "sweeps",
		title: "Sweeps",
		doc: "what each head, layer and position does, by changing one after the other",
		load: async () => (await import("./sweeps/sweeps-view.js")).SweepsView,
	},
	{
		id: "lens",
		title: "Reading",
		doc: "what the residual stream would say at each layer, and which parts wrote a logit",
		load: async () => (await import("./lens/lens-view.js")).LensView,
	},
	{
		id: "regression",
		title: "Regression",
		doc: "transformers that do linear regression in context: predictions, patterns, metrics and checkpoints",
		load: async () => (await import("./regression/regression-view.js")).RegressionView,
	},
	{
		id: "train",
		title: "Train",
		doc: "a small model trained from scratch, and its heads as they form",
		load: async () => (await import("./train/train-view.js")).TrainView,
	},
];

/** Every view with its key: 1 goes to the first tab, and so on. */
export const VIEWS: readonly View[] = LISTED.map((view, i) => ({ ...view, key: String(i + 1) }));

import type { View } from "./view.js";

/** Every view, in the order of the tabs. */
export const VIEWS: readonly View[] = [
	{
		id: "heads",
		title: "Heads",
		doc: "what every head attends to, and what changes when one is touched",
		key: "1",
		load: async () => (await import("./heads/heads-view.js")).HeadsView,
	},
	{
		id: "train",
		title: "Train",
		doc: "a small model trained from scratch, and its heads as they form",
		key: "6",
		load: async () => (await import("./train/train-view.js")).TrainView,
	},
];

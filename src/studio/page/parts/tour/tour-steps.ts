import type { Scene } from "../../scene/scene.js";

/** A stop of the tour. */
export interface TourStep {
	readonly title: string;
	readonly text: string;
	/** What of the page is pointed at: the first of these that is there. */
	readonly at: readonly string[];
	/** Whether somebody has done what the step says; absent where there is nothing to do. */
	readonly done?: (scene: Scene) => boolean;
}

/** The tour: from the first typed word to an address that shows the same to somebody else. */
export const TOUR: readonly TourStep[] = [
	{
		title: "Type",
		text: "Type words here. At each keystroke the model reads them anew, and every head's attention and the next token are drawn again.",
		at: ["#prompt"],
	},
	{
		title: "The best induction head",
		text: "Large is the head that is best at induction: from each word that comes again it looks to what followed the word the last time. Rows are words that look, columns the words looked at. The stripe below the diagonal is how the model knows that king comes next.",
		at: [".head-large"],
	},
	{
		title: "Wipe its partner",
		text: "Head 0.1 looks one word back, and the induction heads build on it. Wipe it, with this button or the key x: the stripe dissolves, and the probability of king falls from 0.97 to 0.008. Undo brings it back.",
		at: ['[aria-label^="Head 0.1"]'],
		done: ({ changes }) => changes.length > 0,
	},
	{
		title: "See it form",
		text: "Heads are not made, they form. Here a model is trained from scratch while you watch: after some hundred updates the induction heads appear, and the loss drops as they do.",
		at: ['nav button[title*="scratch"]'],
		done: ({ view }) => view === "train",
	},
	{
		title: "Share",
		text: "All that you see is in the page's address: send it, and others see the same. Figures, tables and the lines of TypeScript that make them can be saved from every view.",
		at: ['header button[aria-label="Share"]', "header .tools"],
	},
];

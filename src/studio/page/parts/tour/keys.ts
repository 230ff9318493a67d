/** Keys beside those of the views, by where they work; a key that is added somewhere is a line here. */
export const KEYS: readonly {
	readonly where: string;
	readonly keys: readonly { readonly keys: readonly string[]; readonly does: string }[];
}[] = [
	{
		where: "Everywhere but in a text field",
		keys: [
			{ keys: ["Ctrl+Z"], does: "undo" },
			{ keys: ["Ctrl+Shift+Z"], does: "redo" },
			{ keys: ["?"], does: "this list" },
			{ keys: ["Tab", "Shift+Tab"], does: "the next or the previous control" },
			{ keys: ["Escape"], does: "end the tour, close this list" },
		],
	},
	{
		where: "On a head",
		keys: [
			{ keys: ["Enter"], does: "show it large" },
			{ keys: ["x", "Delete"], does: "wipe it: zero-ablate, or bring it back" },
		],
	},
	{
		where: "On a token",
		keys: [{ keys: ["Enter"], does: "lock it: see what it looks at" }],
	},
];

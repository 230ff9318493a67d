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
			{ keys: ["Arrow keys", "Home", "End"], does: "go to another head" },
			{ keys: ["Enter"], does: "show it large" },
			{ keys: ["x", "Delete"], does: "wipe it: zero-ablate, or bring it back" },
			{ keys: ["p"], does: "pin it, so that it stays beside the large one" },
		],
	},
	{
		where: "On a token",
		keys: [{ keys: ["Enter"], does: "lock it: see what it looks at" }],
	},
	{
		where: "On a large pattern",
		keys: [
			{ keys: ["Arrow keys"], does: "go to another entry, and read its value" },
			{ keys: ["Enter", "Escape"], does: "lock a query, free it" },
			{ keys: ["+", "-", "Home"], does: "zoom in, out, back to the whole" },
		],
	},
	{
		where: "In a heat map",
		keys: [
			{ keys: ["Arrow keys", "Home", "End"], does: "go to another cell" },
			{ keys: ["Enter"], does: "apply it, where cells can be applied" },
		],
	},
	{
		where: "While a pattern is drawn",
		keys: [
			{ keys: ["Arrow keys"], does: "go to another entry" },
			{ keys: ["Space", "Enter"], does: "put the brush's value there" },
			{ keys: ["0", "9"], does: "a digit puts 0.0 to 0.9 there; Delete puts 0" },
		],
	},
	{
		where: "On the slider of training time",
		keys: [
			{ keys: ["Arrow left", "Arrow right"], does: "go to the checkpoint before or after" },
			{ keys: ["Home", "End"], does: "go to the beginning or the end" },
		],
	},
];

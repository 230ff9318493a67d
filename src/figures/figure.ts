/** What the registry knows of a figure; a new one is a file with such a record and a line in `index.ts`. */
export interface Figure {
	/** Kebab-case, as its file is named. */
	readonly name: string;
	/** One sentence: what the figure shows. */
	readonly doc: string;
	/** The figure drawn of a small example, for the gallery and for the snapshot that guards it. */
	sample(): string;
}

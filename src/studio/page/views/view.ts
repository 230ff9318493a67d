import type { ComponentType } from "preact";

/** A page of the studio = one folder and one line in the registry. */
export interface View {
	/** In the address. */
	readonly id: string;
	readonly title: string;
	/** One line: what it shows. */
	readonly doc: string;
	/** The key that goes there: its place among the tabs, from 1. */
	readonly key: string;
	/** Fetched when the view is first shown. */
	load(): Promise<ComponentType>;
}

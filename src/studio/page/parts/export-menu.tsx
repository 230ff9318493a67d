import type { ComponentType, JSX } from "preact";
import { useState } from "preact/hooks";
import type { CodeDialogProps } from "./share/code-dialog.js";
import { Menu, type MenuItem } from "./share/menu.js";

type CsvRows = readonly (readonly (string | number)[])[];

/** What a view can be saved as; a form that is absent is not offered. */
export interface Exports {
	/** Of the file, without an ending: "head-1.3". */
	readonly name: string;
	/** A figure, made by the library's own figures: SVG, and PNG from it. */
	readonly svg?: () => string | Promise<string>;
	readonly csv?: () => CsvRows | Promise<CsvRows>;
	readonly json?: () => unknown;
	/** The library call that makes this view. */
	readonly code?: () => string | Promise<string>;
}

/** Saves a view as SVG, PNG, CSV or JSON, or copies it as TypeScript. */
export function ExportMenu({ of }: { of: Exports }): JSX.Element {
	const [shown, setShown] = useState<{ code: string; Dialog: ComponentType<CodeDialogProps> } | undefined>();
	const { name, svg, csv, json, code } = of;
	const save = (
		label: string,
		ending: string,
		type: string,
		make: (files: typeof import("./share/files.js")) => string | Blob | Promise<string | Blob>,
	): MenuItem => ({
		label,
		run: async () => {
			// what a first visit does not need is fetched when it is used
			const files = await import("./share/files.js");
			const file = `${fileName(name)}.${ending}`;
			files.saveFile(file, await make(files), type);
			return `Saved ${file}`;
		},
	});
	const items: MenuItem[] = [];
	if (svg) {
		items.push(
			save("SVG", "svg", "image/svg+xml", () => svg()),
			save("PNG", "png", "image/png", async ({ toPng }) => toPng(await svg())),
		);
	}
	if (csv) items.push(save("CSV", "csv", "text/csv", async ({ toCsv }) => toCsv(await csv())));
	if (json) items.push(save("JSON", "json", "application/json", async ({ toJson }) => toJson(await json())));
	if (code) {
		const show = async (): Promise<void> => {
			const { CodeDialog } = await import("./share/code-dialog.js");
			setShown({ code: await code(), Dialog: CodeDialog });
		};
		items.push({ label: "Copy as TypeScript", run: show });
	}
	return (
		<>
			<Menu label="Export" about={`Export ${name}`} items={items} />
			{shown && <shown.Dialog code={shown.code} onClose={() => setShown(undefined)} />}
		</>
	);
}

/** A name that every file system takes. */
function fileName(name: string): string {
	return name.replace(/[^\w.()+= -]+/g, "-").slice(0, 100);
}

import { inRows, sideBySide } from "../figures/index.js";

/** In pixels; wider a picture is too wide to look at. */
const WIDTH = 2000;

/** Figures of several samples side by side, in as many rows as they need. */
export function overview(figures: readonly string[], title?: string): string {
	return sideBySide({ title, rows: inRows(figures, WIDTH) });
}

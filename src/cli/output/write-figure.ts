import type { Cli } from "../cli.js";
import { writeOutput } from "./output.js";

/** Writes a figure as its file's ending says, `.svg` or `.png`; returns the line that says so. */
export async function writeFigure(cli: Cli, out: string, svg: string): Promise<string[]> {
	if (out.toLowerCase().endsWith(".png")) {
		const { svgToPng } = await import("../../figures/png-node.js");
		await writeOutput(out, svgToPng(svg), cli.signal);
	} else await writeOutput(out, svg, cli.signal);
	return [`Wrote ${out}`];
}

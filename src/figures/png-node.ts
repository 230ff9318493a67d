import { createRequire } from "node:module";
import { Resvg } from "@resvg/resvg-js";

const FONTS = ["DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf"];

export interface PngOptions {
	/** Pixels of the image for each of the figure's, 1 to 16. Default 2. */
	zoom?: number;
	/** More font files, for scripts that DejaVu Sans lacks (Chinese, Japanese, Korean, emoji). */
	fontFiles?: readonly string[];
}

/**
 * A figure as PNG bytes. The fonts come with the package and the system's are not looked at, so a figure has
 * the same pixels on every machine. In a file of its own, since it loads native code.
 */
export function svgToPng(svg: string, { zoom = 2, fontFiles = [] }: PngOptions = {}): Uint8Array {
	if (!(zoom >= 1 && zoom <= 16)) throw new RangeError(`svgToPng: zoom: got ${zoom}, allowed 1 to 16`);
	const require = createRequire(import.meta.url);
	const shipped = FONTS.map((file) => require.resolve(`dejavu-fonts-ttf/ttf/${file}`));
	const image = new Resvg(svg, {
		// the renderer does not know "pixelated"; its name for it is optimizeSpeed
		imageRendering: 1,
		fitTo: { mode: "zoom", value: zoom },
		font: {
			loadSystemFonts: false,
			fontFiles: [...shipped, ...fontFiles],
			defaultFontFamily: "DejaVu Sans",
			sansSerifFamily: "DejaVu Sans",
		},
	});
	return image.render().asPng();
}

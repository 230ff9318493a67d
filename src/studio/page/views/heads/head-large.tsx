import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { drawMatrix } from "../../draw/draw-pattern.js";
import { paletteFor, sequential } from "../../draw/palette.js";
import { isDark } from "../../draw/theme.js";
import { useStudio } from "../../studio.js";

/** One head's pattern, large: rows are queries, columns keys. */
export function HeadLarge(): JSX.Element {
	const { look, scene, head, hovered } = useStudio();
	const canvas = useRef<HTMLCanvasElement>(null);
	const first = look.value?.[0];
	const side = first?.changed ?? first?.clean;
	const name = head.value;
	const { scale, token } = scene.value;
	const dark = isDark.value;
	useLayoutEffect(() => {
		if (!side || !canvas.current) return;
		const [, nHeads = 1, size = 0] = side.pattern.shape;
		const [layer = 0, index = 0] = name.split(".").map(Number);
		const offset = (layer * nHeads + index) * size * size;
		const ink = { palette: paletteFor(dark), place: sequential(scale), hideFirst: scale === "hide-first" };
		drawMatrix(canvas.current, { data: side.pattern.data, offset, size }, ink);
	}, [side, name, scale, dark]);
	const query = hovered.value ?? token;
	const size = side?.pattern.shape[2] ?? 1;
	return (
		<section class="head-large" aria-label={`Head ${name}`}>
			<h2>Head {name}</h2>
			<div class="matrix">
				<canvas ref={canvas} role="img" aria-label={`Attention pattern of head ${name}`} />
				{query !== null && (
					<div class="row-mark" style={{ top: `${(100 * query) / size}%`, height: `${100 / size}%` }} />
				)}
			</div>
		</section>
	);
}

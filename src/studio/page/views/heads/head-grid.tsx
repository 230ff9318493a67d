import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { drawMatrix } from "../../draw/draw-pattern.js";
import { paletteFor, sequential } from "../../draw/palette.js";
import { isDark } from "../../draw/theme.js";
import { useStudio } from "../../studio.js";
import { isWiped, toggleWipe } from "./wipe.js";

/** Pixels on a side of a small pattern. */
const SMALL = 96;

/** Layers x heads: every pattern, small. A click shows one large; the key x wipes it. */
export function HeadGrid(): JSX.Element {
	const { model } = useStudio();
	const { nLayers = 0, nHeads = 0 } = model.value ?? {};
	return (
		<section class="head-grid" aria-label="All heads">
			<h2>Heads</h2>
			{Array.from({ length: nLayers }, (_, layer) => (
				<fieldset class="layer" key={layer} aria-label={`Layer ${layer}`}>
					{Array.from({ length: nHeads }, (_, index) => (
						<SmallHead key={`${layer}.${index}`} layer={layer} index={index} />
					))}
				</fieldset>
			))}
		</section>
	);
}

function SmallHead({ layer, index }: { layer: number; index: number }): JSX.Element {
	const studio = useStudio();
	const { look, scene } = studio;
	const canvas = useRef<HTMLCanvasElement>(null);
	const name = `${layer}.${index}`;
	const first = look.value?.[0];
	const side = first?.changed ?? first?.clean;
	const { scale, changes } = scene.value;
	const dark = isDark.value;
	useLayoutEffect(() => {
		if (!side || !canvas.current) return;
		const [, nHeads = 1, size = 0] = side.pattern.shape;
		const offset = (layer * nHeads + index) * size * size;
		const ink = { palette: paletteFor(dark), place: sequential(scale), hideFirst: scale === "hide-first" };
		drawMatrix(canvas.current, { data: side.pattern.data, offset, size }, ink, SMALL);
	}, [side, scale, dark]);
	const wiped = isWiped(changes, name);
	const wipe = (): void => studio.setChanges(toggleWipe(scene.peek().changes, name), `wipe ${name}`);
	return (
		<div class={wiped ? "head wiped" : "head"}>
			<button
				type="button"
				class="show"
				aria-pressed={studio.head.value === name}
				aria-label={`Head ${name}${wiped ? ", ablated" : ""}`}
				onClick={() => studio.show({ head: name })}
				onKeyDown={(event) => {
					if (event.key === "x" || event.key === "Delete") wipe();
				}}
			>
				<canvas ref={canvas} />
				<span>{name}</span>
			</button>
			<button
				type="button"
				class="wipe"
				aria-pressed={wiped}
				title={`Zero-ablate head ${name} (key x)`}
				onClick={wipe}
			>
				{wiped ? "restore" : "wipe"}
			</button>
		</div>
	);
}

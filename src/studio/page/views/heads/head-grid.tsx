import { useComputed, useSignal } from "@preact/signals";
import type { JSX, TargetedKeyboardEvent } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useStudio } from "../../studio.js";
import { neighbour } from "./grid-keys.js";
import { HeadTile } from "./head-tile.js";
import { useHeads } from "./heads.js";
import { listenToStrokes } from "./stroke.js";
import { TileSheet } from "./tile-sheet.js";
import { toggleWipe } from "./wipe.js";

/** Where a layer's heads need more room than this, in CSS pixels, rows break. */
const LEAST_TILE = 46;

/**
 * Layers x heads: every pattern, small. A click shows one large, a stroke across one wipes it; arrows, Enter, p and x
 * do the same from the keyboard.
 */
export function HeadGrid(): JSX.Element {
	const studio = useStudio();
	const heads = useHeads();
	const grid = useRef<HTMLDivElement>(null);
	const width = useSignal(0);
	const order = useComputed(() => studio.scene.value.order);
	const ranked = useComputed(() => (order.value === "score" ? heads.scores.value?.ranking : undefined));
	const { nLayers = 0, nHeads = 0, nKvHeads = nHeads } = studio.model.value ?? {};

	const wipe = (name: string): void =>
		studio.setChanges(toggleWipe(studio.scene.peek().changes, name), `wipe ${name}`);
	useEffect(() => (grid.current ? listenToStrokes(grid.current, wipe) : undefined), []);
	useLayoutEffect(() => {
		if (!grid.current) return;
		const sized = new ResizeObserver(([entry]) => {
			width.value = Math.round(entry?.contentRect.width ?? 0);
		});
		sized.observe(grid.current);
		width.value = grid.current.clientWidth;
		return () => sized.disconnect();
	}, []);

	const onKeyDown = (event: TargetedKeyboardEvent<HTMLButtonElement>, name: string): void => {
		if (event.ctrlKey || event.metaKey || event.altKey) return;
		if (event.key === "x" || event.key === "Delete") wipe(name);
		else if (event.key === "p") heads.pin(name);
		else {
			const next = grid.current && neighbour(grid.current, event.currentTarget, event.key);
			if (!next) return;
			event.preventDefault();
			next.focus();
		}
	};
	const tile = (name: string): JSX.Element => {
		const index = Number(name.split(".")[1]);
		const group = nKvHeads < nHeads ? Math.floor(index / (nHeads / nKvHeads)) : undefined;
		return <HeadTile key={name} name={name} kv={group} onWipe={wipe} onKeyDown={onKeyDown} />;
	};
	const wraps = useComputed(() => width.value < (studio.model.value?.nHeads ?? 0) * LEAST_TILE + 32).value;
	const names = ranked.value?.map(({ head }) => head);
	return (
		<section class="head-grid" aria-label="All heads">
			<h2>Heads {nLayers > 0 && <span class="quiet">{`${nLayers} layers of ${nHeads}`}</span>}</h2>
			<p class="quiet hint">
				Click one to see it large; draw a stroke across one to wipe it. Keys: arrows, Enter, <kbd>x</kbd>{" "}
				wipes, <kbd>p</kbd> pins.
			</p>
			<div ref={grid} class={wraps || names ? "tiles wraps" : "tiles"} style={{ "--heads": nHeads }}>
				{names ? (
					<fieldset class="layer" aria-label="Best first">
						{names.map(tile)}
						<TileSheet arrangement={names.join(" ")} />
					</fieldset>
				) : (
					<>
						{nKvHeads < nHeads && !wraps && <KvGroups nHeads={nHeads} nKvHeads={nKvHeads} />}
						{Array.from({ length: nLayers }, (_, layer) => (
							<fieldset class="layer" key={layer} aria-label={`Layer ${layer}`}>
								<span class="layer-name quiet" aria-hidden="true">
									{wraps ? `layer ${layer}` : `L${layer}`}
								</span>
								{Array.from({ length: nHeads }, (__, head) => tile(`${layer}.${head}`))}
								<TileSheet arrangement={`${nHeads} ${wraps}`} />
							</fieldset>
						))}
					</>
				)}
			</div>
		</section>
	);
}

/** Brackets over the heads that share keys and values. */
function KvGroups({ nHeads, nKvHeads }: { nHeads: number; nKvHeads: number }): JSX.Element {
	return (
		<div class="layer kv-groups" aria-hidden="true">
			<span />
			{Array.from({ length: nKvHeads }, (_, group) => (
				<span key={group} class="kv-group" style={{ gridColumn: `span ${nHeads / nKvHeads}` }}>
					kv {group}
				</span>
			))}
		</div>
	);
}

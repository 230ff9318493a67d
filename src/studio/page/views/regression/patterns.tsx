import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { RegressionLook, RegressionSide } from "../../../service/regression/look-at-run.js";
import type { RunInfo } from "../../../service/regression/run-info.js";
import { isDark } from "../../draw/theme.js";
import { ExportMenu, type Exports } from "../../parts/export-menu.js";
import { patternCode } from "./code.js";
import { DrawPattern } from "./draw-pattern.js";
import { coloursOf, drawValues } from "./draw-values.js";
import { HeadChoice } from "./head-choice.js";
import { MatrixMap } from "./matrix-map.js";
import { type ChangeState, changeName, type RegressionState } from "./regression-state.js";

export interface PatternsProps {
	readonly look: RegressionLook;
	readonly sample: number;
	readonly state: RegressionState;
	readonly change: ChangeState;
	readonly info: RunInfo;
}

/** Attention is between 0 and 1. */
const SHARES = [0, 1] as const;

/** Every head's pattern by x and y tokens, one of them large, and what each head does instead of its own. */
export function Patterns(props: PatternsProps): JSX.Element {
	const { look, sample, state, change, info } = props;
	const { clean, changed } = look;
	const side = changed ?? clean;
	const tokens = info.tokens.slice(0, side.pattern.shape[3]);
	const [layer = 0, head = 0] = state.head.split(".").map(Number);
	const known = layer < info.nLayers && head < info.nHeads;
	const large = (of: RegressionSide, title: string): JSX.Element => (
		<MatrixMap
			title={title}
			values={patternOf(of, sample, layer, head)}
			shape={[tokens.length, tokens.length]}
			rows={{ title: "query", labels: tokens }}
			columns={{ title: "key", labels: tokens }}
			range={SHARES}
			measure="attention"
		/>
	);
	return (
		<section class="patterns" aria-label="Attention patterns">
			<div class="panel-head">
				<h2>Attention patterns</h2>
				<button
					type="button"
					disabled={Object.keys(state.changes).length === 0}
					onClick={() => change({ changes: {} }, "changes")}
				>
					Put all heads back
				</button>
				{known && <DrawPattern {...props} />}
				<ExportMenu of={exportsOf(props, side, tokens)} />
			</div>
			<div class="pattern-layout">
				<div class="tiles">
					{Array.from({ length: info.nLayers }, (_, l) => (
						<fieldset class="tile-layer" key={l} aria-label={`Layer ${l}`}>
							{Array.from({ length: info.nHeads }, (_, h) => (
								<Tile key={h} {...props} side={side} layer={l} head={h} />
							))}
						</fieldset>
					))}
				</div>
				{known && (
					<div class="large-patterns">
						{changed ? (
							<>
								{large(changed, `Head ${state.head}, changed run`)}
								{large(clean, `Head ${state.head}, run as it is`)}
							</>
						) : (
							large(clean, `Head ${state.head}`)
						)}
					</div>
				)}
			</div>
		</section>
	);
}

interface TileProps extends PatternsProps {
	readonly side: RegressionSide;
	readonly layer: number;
	readonly head: number;
}

function Tile({ side, sample, layer, head, state, change }: TileProps): JSX.Element {
	const canvas = useRef<HTMLCanvasElement>(null);
	const name = `${layer}.${head}`;
	const size = side.pattern.shape[3] ?? 0;
	const dark = isDark.value;
	useLayoutEffect(() => {
		if (!canvas.current) return;
		drawValues(canvas.current, patternOf(side, sample, layer, head), [size, size], coloursOf(SHARES, dark));
	}, [side, sample, layer, head, dark]);
	const own = state.changes[name];
	return (
		<div class={own ? "tile changed" : "tile"}>
			<button
				type="button"
				aria-pressed={state.head === name}
				aria-label={`Head ${name}${own ? `, ${changeName(own)}` : ""}`}
				onClick={() => change({ head: name })}
			>
				<canvas ref={canvas} />
				<span>{name}</span>
			</button>
			<HeadChoice head={name} state={state} change={change} />
		</div>
	);
}

/** One head's pattern, row after row. */
function patternOf({ pattern }: RegressionSide, sample: number, layer: number, head: number): Float32Array {
	return pattern.select(sample).select(layer).select(head).data;
}

function exportsOf(
	{ look, sample, state, info }: PatternsProps,
	side: RegressionSide,
	tokens: readonly string[],
): Exports {
	const layers = side.pattern.select(sample); // [layer, head, query, key]
	const title = `${look.run} at step ${look.step}, sequence ${sample}`;
	return {
		name: `patterns-${look.run}@${look.step}`,
		svg: async () => {
			const { layerPatterns } = await import("headscope/figures");
			const patterns = Array.from({ length: info.nLayers }, (_, layer) => layers.select(layer));
			return layerPatterns({ patterns, labels: tokens, title });
		},
		csv: () => [
			["layer", "head", "query", ...tokens],
			...Array.from({ length: info.nLayers * info.nHeads }, (_, i) => {
				const [layer, head] = [Math.floor(i / info.nHeads), i % info.nHeads];
				const pattern = layers.select(layer).select(head);
				return tokens.map((token, query) => [layer, head, token, ...pattern.select(query).data]);
			}).flat(),
		],
		json: () => ({ run: look.run, step: look.step, sample, tokens, pattern: layers }),
		code: () => patternCode(state, look.step),
	};
}

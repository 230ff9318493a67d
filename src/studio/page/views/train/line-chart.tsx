import type { JSX } from "preact";

/** A line of a chart. */
export interface ChartLine {
	readonly name: string;
	readonly points: readonly (readonly [number, number])[];
	/** Drawn above the others, and named where it ends. */
	readonly strong: boolean;
}

export interface ChartOf {
	readonly title: string;
	/** The chart in a sentence, for who cannot see it. */
	readonly summary: string;
	/** End of the horizontal axis, which begins at 0. */
	readonly most: number;
	/** End of the vertical axis, which begins at 0. */
	readonly high: number;
	readonly lines: readonly ChartLine[];
	/** A place on the horizontal axis that is marked. */
	readonly mark?: number | undefined;
}

const WIDTH = 360;
const HEIGHT = 190;
const LEFT = 34;
const RIGHT = 322;
const TOP = 12;
const BOTTOM = 160;
/** More points than this are thinned out: a line has no more pixels. */
const MOST_POINTS = 600;

/** Lines over training steps. Names stand at the ends of the strong lines, so that colour tells nothing alone. */
export function LineChart({ of }: { of: ChartOf }): JSX.Element {
	const { title, summary, most, high, lines, mark } = of;
	const x = (step: number): number => LEFT + ((RIGHT - LEFT) * step) / most;
	const y = (value: number): number => BOTTOM - ((BOTTOM - TOP) * Math.min(value, high)) / high;
	const path = (points: ChartLine["points"]): string =>
		thinned(points)
			.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`)
			.join(" ");
	const drawn = [...lines].sort((a, b) => Number(a.strong) - Number(b.strong));
	return (
		<figure class="chart">
			<figcaption>{title}</figcaption>
			<svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${title}: ${summary}`}>
				{ticks(high, 5).map((value) => (
					<g key={value}>
						<line class="grid" x1={LEFT} x2={RIGHT} y1={y(value)} y2={y(value)} />
						<text class="tick" x={LEFT - 5} y={y(value) + 4} text-anchor="end">
							{value}
						</text>
					</g>
				))}
				{ticks(most, 6).map((step) => (
					<text class="tick" key={step} x={x(step)} y={BOTTOM + 16} text-anchor="middle">
						{step}
					</text>
				))}
				<text class="tick" x={(LEFT + RIGHT) / 2} y={HEIGHT - 1} text-anchor="middle">
					updates
				</text>
				{mark !== undefined && <line class="mark" x1={x(mark)} x2={x(mark)} y1={TOP} y2={BOTTOM} />}
				{drawn.map(({ name, points, strong }) => (
					<polyline key={name} class={strong ? "line strong" : "line"} points={path(points)} />
				))}
				{ends(
					drawn.filter(({ strong }) => strong),
					y,
				).map(({ name, step, at }) => (
					<text class="name" key={name} x={x(step) + 4} y={at + 4}>
						{name}
					</text>
				))}
			</svg>
		</figure>
	);
}

/** Where the names of lines stand: at their ends, moved down where they would cover each other. */
function ends(
	lines: readonly ChartLine[],
	y: (value: number) => number,
): { name: string; step: number; at: number }[] {
	const places = lines
		.flatMap(({ name, points }) => {
			const [step, value] = points.at(-1) ?? [];
			return step === undefined || value === undefined ? [] : [{ name, step, at: y(value) }];
		})
		.sort((a, b) => a.at - b.at);
	for (const [i, place] of places.entries()) {
		const above = places[i - 1];
		if (above) place.at = Math.max(place.at, above.at + 12);
	}
	return places;
}

function thinned(points: ChartLine["points"]): ChartLine["points"] {
	const every = Math.ceil(points.length / MOST_POINTS);
	return every <= 1 ? points : points.filter((_, i) => i % every === 0 || i === points.length - 1);
}

/** Round numbers from 0 to `high`, at most `count` + 1 of them. */
export function ticks(high: number, count: number): number[] {
	const rough = high / count;
	const power = 10 ** Math.floor(Math.log10(rough));
	const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
	return Array.from({ length: Math.floor(high / step + 1e-9) + 1 }, (_, i) =>
		Number((i * step).toPrecision(6)),
	);
}

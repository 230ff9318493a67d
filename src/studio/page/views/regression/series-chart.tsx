import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { significant } from "../../draw/decimals.js";

/** A value at each place of the horizontal axis. */
export interface Series {
	readonly name: string;
	readonly values: readonly number[];
}

export interface SeriesChartProps {
	readonly series: readonly Series[];
	/** What the horizontal axis counts, from 0. */
	readonly axis: string;
	readonly label: string;
}

const HEIGHT = 260;
const LEFT = 46;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 40;

/** Lines by number. Each has its stroke and its mark, so that colour tells nothing alone; the table beside has the numbers. */
export function SeriesChart({ series, axis, label }: SeriesChartProps): JSX.Element {
	const [box, width] = useWidth();
	const count = Math.max(1, ...series.map(({ values }) => values.length));
	const { low, high, unit } = scaleOf(series);
	const x = (k: number): number => LEFT + ((width - LEFT - RIGHT) * (k + 0.25)) / (count - 0.5 || 1);
	const y = (value: number): number => TOP + ((HEIGHT - TOP - BOTTOM) * (high - value)) / (high - low);
	return (
		<div class="series-chart" ref={box}>
			<svg width={width} height={HEIGHT} role="img" aria-label={label}>
				{ticksOf(low, high, unit).map((tick) => (
					<g key={tick}>
						<line
							class={tick === 0 ? "zero" : "rule"}
							x1={LEFT}
							x2={width - RIGHT}
							y1={y(tick)}
							y2={y(tick)}
						/>
						<text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
							{significant(tick, 3)}
						</text>
					</g>
				))}
				{Array.from({ length: count }, (_, k) => (
					<text key={k} x={x(k)} y={HEIGHT - BOTTOM + 16} text-anchor="middle">
						{k}
					</text>
				))}
				<text x={(LEFT + width) / 2} y={HEIGHT - 6} text-anchor="middle">
					{axis}
				</text>
				{series.map(({ name, values }) => (
					<g key={name} class={`series ${classOf(name)}`}>
						{name !== "y" && (
							<polyline
								points={values.map((value, k) => `${x(k).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}
							/>
						)}
						{values.map((value, k) => (
							<path
								key={k}
								d={markOf(name)}
								transform={`translate(${x(k).toFixed(1)} ${y(value).toFixed(1)})`}
							/>
						))}
					</g>
				))}
			</svg>
			<ul class="legend">
				{series.map(({ name }) => (
					<li key={name}>
						<svg
							width="30"
							height="12"
							viewBox="0 0 30 12"
							aria-hidden="true"
							class={`series ${classOf(name)}`}
						>
							{name !== "y" && <polyline points="0,6 30,6" />}
							<path d={markOf(name)} transform="translate(15 6)" />
						</svg>
						{name}
					</li>
				))}
			</ul>
		</div>
	);
}

const MARKS: Readonly<Record<string, string>> = {
	y: "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0",
	model: "M-3.5,-3.5h7v7h-7z",
	changed: "M0,-4.5L4.5,4H-4.5z",
	ridge: "M0,-4.5L4.5,0L0,4.5L-4.5,0z",
	dMMSE: "M-3.5,-3.5L3.5,3.5M-3.5,3.5L3.5,-3.5",
};

function markOf(name: string): string {
	return MARKS[name] ?? (MARKS.y as string);
}

function classOf(name: string): string {
	return name.toLowerCase();
}

/** The width that a chart has, in pixels, and where it is measured. */
function useWidth(): [{ readonly current: HTMLDivElement | null }, number] {
	const box = useRef<HTMLDivElement>(null);
	const [width, setWidth] = useState(420);
	useLayoutEffect(() => {
		const { current } = box;
		if (!current) return;
		const measure = (): void => setWidth(Math.max(240, current.clientWidth));
		measure();
		const observer = new ResizeObserver(measure);
		observer.observe(current);
		return () => observer.disconnect();
	}, []);
	return [box, width];
}

/** The vertical axis: 0 and every value lie on it, and it ends at multiples of what its ticks are apart. */
function scaleOf(series: readonly Series[]): { low: number; high: number; unit: number } {
	const all = series.flatMap(({ values }) => values).filter(Number.isFinite);
	const [least, most] = [Math.min(0, ...all), Math.max(0, ...all)];
	const unit = unitOf(most - least || 1);
	const low = Math.floor(least / unit) * unit;
	return { low, high: Math.max(Math.ceil(most / unit) * unit, low + unit), unit };
}

function ticksOf(low: number, high: number, unit: number): number[] {
	const count = Math.round((high - low) / unit);
	return Array.from({ length: count + 1 }, (_, i) => Number((low + i * unit).toPrecision(12)));
}

/** 1, 2 or 5 times a power of ten, about five of which fill a span. */
function unitOf(span: number): number {
	const power = 10 ** Math.floor(Math.log10(span / 5));
	return power * ([1, 2, 5].find((factor) => factor * power >= span / 6) ?? 10);
}

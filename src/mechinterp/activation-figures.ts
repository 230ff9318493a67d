import { type MatrixPanel, matrixFigure, matrixGrid, type NamedAxis, valueRange } from "../figures/index.js";
import { tokenNames } from "../tasks/regression/tokens.js";
import type { Tensor } from "../tensor/index.js";
import { ActivationError } from "./error.js";
import { optionallyRotate } from "./optionally-rotate.js";
import { overview } from "./overview.js";
import { queriesTimesKeys, separateAttention } from "./separate-attention.js";

export interface ActivationFiguresOptions {
	/** Heads of the model, to take its fused q, k and v apart. */
	readonly numHeads: number;
}

/** The figures of one location. */
export interface ActivationFigure {
	/** The location, with `.T` at its end where its matrices were laid on their side. */
	readonly name: string;
	/** SVG for each sample. */
	readonly samples: readonly string[];
	/** All samples side by side. */
	readonly overview: string;
}

/** Draws one sample of a location under a title. */
type Draw = (sample: number, title: string) => string;

/** Where heads' queries, keys and values lie side by side. */
const FUSED = /(^|\.)attention\.attention$/;

/**
 * Pictures of activations, location by location, as they are asked for. A matrix [pos, channel] becomes one image,
 * on its side where it is higher than wide; the fused attention activation a grid of heads by Q, K, QK and V; three
 * dimensions a row with an image for each head. All samples of a location share their colours.
 * @param activations by location, each with the samples along its first axis; `x` and `y` may be among them
 * @throws {ActivationError} for other numbers of dimensions
 */
export function* activationFigures(
	activations: Iterable<readonly [string, Tensor]>,
	{ numHeads }: ActivationFiguresOptions,
): Generator<ActivationFigure> {
	for (const [location, activation] of activations) {
		const [batch = 0] = activation.shape;
		const { name, draw } = drawer(location, activation, numHeads);
		const samples = Array.from({ length: batch }, (_, i) => i);
		yield {
			name,
			samples: samples.map((i) => draw(i, `${name}, sample ${i}`)),
			overview: overview(
				samples.map((i) => draw(i, `sample ${i}`)),
				name,
			),
		};
	}
}

function drawer(location: string, activation: Tensor, numHeads: number): { name: string; draw: Draw } {
	const rank = activation.shape.length - 1;
	if (activation.size > 0 && FUSED.test(location)) {
		return { name: location, draw: drawFused(activation, numHeads) };
	}
	if (activation.size > 0 && rank === 2) return drawMatrix(location, activation);
	if (activation.size > 0 && rank === 3) return { name: location, draw: drawHeads(activation) };
	throw new ActivationError(
		`activationFigures: "${location}" has shape [${activation.shape.join(", ")}], allowed [batch, rows, columns] and [batch, head, rows, columns]`,
	);
}

function drawMatrix(location: string, activation: Tensor): { name: string; draw: Draw } {
	const [, rows = 0] = activation.shape;
	const axes = AXES[location] ?? [position(rows), { title: "channel" }];
	const range = valueRange([activation]);
	const { name, transposed } = optionallyRotate(activation.select(0), location);
	const [down, along] = transposed ? axes.toReversed() : axes;
	return {
		name,
		draw: (sample, title) =>
			matrixFigure({
				values: optionallyRotate(activation.select(sample), location).matrix,
				title,
				rows: down as NamedAxis,
				columns: along as NamedAxis,
				measure: location === "x" || location === "y" ? location : "activation",
				range,
			}),
	};
}

/** What lies along the axes of a model's inputs. */
const AXES: Readonly<Record<string, readonly [NamedAxis, NamedAxis]>> = {
	x: [{ title: "example" }, { title: "coordinate" }],
	y: [{ title: "example" }, { title: "", labels: ["y"] }],
};

function drawHeads(activation: Tensor): Draw {
	const range = valueRange([activation]);
	const [, heads = 0, rows = 0, columns = 0] = activation.shape;
	const panel = (values: Tensor, head: number): MatrixPanel => ({
		title: `Head ${head}`,
		values,
		rows: position(rows, "query"),
		// what is not as wide as long is no pattern
		columns: rows === columns ? position(columns, "key") : { title: "channel" },
	});
	return (sample, title) =>
		matrixGrid({
			panels: [Array.from({ length: heads }, (_, h) => panel(activation.select(sample).select(h), h))],
			title,
			bars: [{ title: "activation", range }],
		});
}

function drawFused(activation: Tensor, numHeads: number): Draw {
	const separated = separateAttention(activation, { numHeads });
	const [q, k, v] = [separated.q, separated.k, separated.v];
	const qk = queriesTimesKeys(separated);
	const pos = activation.shape[1] as number;
	const channels = [position(pos), { title: "channel of the head" }] as const;
	const columns = [
		{ name: "Q", values: q, axes: channels, bar: "q" },
		{ name: "K", values: k, axes: channels, bar: "k" },
		{
			name: "QK",
			values: qk,
			axes: [position(pos, "query"), position(pos, "key")] as const,
			bar: "q·k, raw",
		},
		{ name: "V", values: v, axes: channels, bar: "v" },
	];
	const bars = columns.map(({ values, bar }) => ({ title: bar, range: valueRange([values]) }));
	return (sample, title) =>
		matrixGrid({
			panels: Array.from({ length: numHeads }, (_, head) =>
				columns.map(({ name, values, axes: [rows, columns] }) => ({
					title: `${head}.${name}`,
					values: values.select(sample).select(head),
					rows,
					columns,
				})),
			),
			title,
			notes: [
				"Q, K, V: each head's queries, keys, values. QK: q·k, raw: not scaled by 1/√d_head, not masked.",
			],
			bars,
		});
}

function position(count: number, title = "position"): NamedAxis {
	return { title, labels: tokenNames(count) };
}

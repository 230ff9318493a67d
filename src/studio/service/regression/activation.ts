import { Tensor } from "headscope";
import { type Run, tokenNames } from "headscope/icl";
import { optionallyRotate, queriesTimesKeys, separateAttention } from "headscope/mechinterp";
import type { MethodContext } from "../method.js";
import { withFitting } from "../refused.js";
import type { RunRequest } from "./look-at-run.js";
import { probeBatch } from "./probe-batch.js";

/** One sequence's activation at a location. */
export interface Activation extends ActivationPicture {
	/** Of the checkpoint. */
	readonly step: number;
}

/** What is drawn of an activation. */
interface ActivationPicture {
	/** With `.T` at its end where the matrix was laid on its side. */
	readonly title: string;
	/** Rows of panels: a single matrix, one for each head, or heads by Q, K, QK and V. */
	readonly panels: readonly (readonly ActivationPanel[])[];
}

/** One matrix of an activation. */
export interface ActivationPanel {
	readonly title: string;
	/** float32 [row, column] */
	readonly values: Tensor<"float32">;
	readonly rows: PanelAxis;
	readonly columns: PanelAxis;
	/** The least and greatest finite value of all sequences and heads: ends of the shared colours. */
	readonly range: readonly [number, number];
}

export interface PanelAxis {
	readonly title: string;
	readonly labels?: readonly string[];
}

interface ActivationRequest extends RunRequest {
	readonly location: string;
	/** Sequence of the probe. */
	readonly sample: number;
}

/** Where heads' queries, keys and values lie side by side. */
const FUSED = /(^|\.)attention\.attention$/;

/** @throws {Error} for a location, sequence, run or step that there is not */
export async function activationAt(
	given: ActivationRequest,
	{ state }: MethodContext<never>,
): Promise<Activation> {
	const { run } = await state.runs.at(given.run, given.step);
	return { step: run.step, ...(await pictureOf(run, given)) };
}

async function pictureOf(run: Run, given: ActivationRequest): Promise<ActivationPicture> {
	const { location, sample } = given;
	const { xs, ys } = probeBatch(run, given.probe);
	const [count = 0] = xs.shape;
	if (sample >= count) throw new Error(`sample ${sample}, allowed 0..${count - 1}`);
	if (location === "x") return matrix(location, xs, sample, [{ title: "example" }, { title: "coordinate" }]);
	if (location === "y")
		return matrix(location, ys, sample, [{ title: "example" }, { title: "", labels: ["y"] }]);
	// what is left out is told by the look at the same changes
	const { result } = await withFitting(given.interventions, (interventions) =>
		run.model.runWithCache(xs, ys, {
			names: [location],
			...(interventions.length > 0 && { interventions }),
		}),
	);
	const { cache } = result;
	const value = cache.get(location).to("float32");
	if (FUSED.test(location)) return fused(location, value, sample, run.model.config.nHeads);
	if (value.shape.length === 4) return heads(location, value, sample);
	const [, pos = 0] = value.shape;
	return matrix(location, value, sample, [positions(pos), { title: "channel" }]);
}

function matrix(
	location: string,
	value: Tensor<"float32">,
	sample: number,
	axes: readonly [PanelAxis, PanelAxis],
): ActivationPicture {
	const { matrix, name, transposed } = optionallyRotate(value.select(sample), location);
	const [rows, columns] = transposed ? [axes[1], axes[0]] : axes;
	const values = owned(matrix);
	return { title: name, panels: [[{ title: "", values, rows, columns, range: rangeOf(value) }]] };
}

/** [sample, head, row, column], or where heads come behind positions [sample, pos, head, column]. */
function heads(location: string, value: Tensor<"float32">, sample: number): ActivationPicture {
	const behind = value.axes?.[2] === "head" || value.axes?.[2] === "kv_head";
	const byHead = behind ? value.transpose([0, 2, 1, 3]) : value;
	const [, count = 0, rows = 0, columns = 0] = byHead.shape;
	// what is not as wide as long is no pattern
	const square = !behind && rows === columns;
	const range = rangeOf(value);
	const panels = Array.from({ length: count }, (_, head) => ({
		title: `head ${head}`,
		values: owned(byHead.select(sample).select(head)),
		rows: positions(rows, square ? "query" : "position"),
		columns: square ? positions(columns, "key") : { title: "channel of the head" },
		range,
	}));
	return { title: location, panels: [panels] };
}

function fused(
	location: string,
	value: Tensor<"float32">,
	sample: number,
	numHeads: number,
): ActivationPicture {
	const separated = separateAttention(value, { numHeads });
	const pos = value.shape[1] as number;
	const channel = { title: "channel of the head" };
	const columns = [
		{ name: "Q", all: separated.q, rows: positions(pos), columns: channel },
		{ name: "K", all: separated.k, rows: positions(pos), columns: channel },
		// raw: neither divided by the square root of the head's width nor masked
		{
			name: "QK",
			all: queriesTimesKeys(separated),
			rows: positions(pos, "query"),
			columns: positions(pos, "key"),
		},
		{ name: "V", all: separated.v, rows: positions(pos), columns: channel },
	].map((column) => ({ ...column, range: rangeOf(column.all) }));
	const panels = Array.from({ length: numHeads }, (_, head) =>
		columns.map(({ name, all, ...rest }) => ({
			title: `${head}.${name}`,
			values: owned(all.select(sample).select(head)),
			...rest,
		})),
	);
	return { title: location, panels };
}

function positions(count: number, title = "position"): PanelAxis {
	return { title, labels: tokenNames(count) };
}

/** A copy with memory of its own: what the page is given is moved to it. */
function owned(tensor: Tensor): Tensor<"float32"> {
	return new Tensor("float32", tensor.shape, Float32Array.from(tensor.data, Number));
}

/** Masked scores are -Infinity, which has no place on a scale. */
function rangeOf({ data }: Tensor): readonly [number, number] {
	let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
	for (const entry of data) {
		const value = Number(entry);
		if (!Number.isFinite(value)) continue;
		low = Math.min(low, value);
		high = Math.max(high, value);
	}
	return low <= high ? [low, high] : [0, 0];
}

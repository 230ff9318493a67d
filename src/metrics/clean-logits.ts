import { counted } from "../shared/counted.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import type { BoundMetric, Measure, MetricContext } from "./metric.js";
import { positionsText, type RowPositions, rowPositions } from "./positions.js";
import { rowsOfTensor } from "./tensor-rows.js";
import { tokenRows } from "./token-rows.js";

/** Bytes of logits that are kept of the clean run, and those that one run of it may give. */
const KEPT = 2 ** 30;
const AT_ONCE = 64 * 2 ** 20;

/**
 * A metric that holds a run's distributions of the next token against those of the unchanged model, which are computed
 * here and fed as "clean" [rows, scored, vocab]; "weights" [rows, scored] make the mean over a row's positions.
 * @throws {MetricError} for positions whose logits would take more than a gigabyte
 */
export async function cleanRunMetric(
	about: { readonly kind: string; readonly doc: string },
	graph: BoundMetric["graph"],
	positions: RowPositions | undefined,
	context: MetricContext,
): Promise<Measure> {
	const { where } = context;
	const { model, input, mask, rows } = tokenRows(context, "repeat");
	const chosen = rows.map(({ tokens }, r) =>
		rowPositions(positions ?? -1, tokens.length, `${where}: row ${r}`),
	);
	const scored = Math.max(...chosen.map((list) => list.length));
	const { vocab } = model.config;
	const bytes = 4 * rows.length * scored * vocab;
	if (bytes > KEPT) {
		const size = `${counted(rows.length, "row")} x ${counted(scored, "position")} x ${vocab} tokens, ${Math.round(bytes / 2 ** 20)} MiB`;
		reject(
			where,
			`keeps the clean run's logits: ${size}, allowed ${KEPT / 2 ** 20}; give fewer rows or positions`,
		);
	}
	const weights = Tensor.zeros([rows.length, scored]);
	const at = rows.map(({ places }, r) => {
		const list = chosen[r] as readonly number[];
		for (let i = 0; i < list.length; i++) weights.data[r * scored + i] = 1 / list.length;
		// rows with fewer positions are filled up with weight 0
		return Array.from({ length: scored }, (_, i) => places[list[i] ?? (list[0] as number)] as number);
	});
	const clean = Tensor.zeros([rows.length, scored, vocab]);
	const size = Math.max(1, Math.floor(AT_ONCE / (4 * scored * vocab)));
	for (let from = 0; from < rows.length; from += size) {
		const to = Math.min(from + size, rows.length);
		const logits = await model.run(rowsOfTensor(input, from, to), {
			...(mask && { mask: rowsOfTensor(mask, from, to) }),
			logitsAt: at.slice(from, to),
		});
		clean.data.set(logits.data, from * scored * vocab);
	}
	const metric = {
		name: positions === undefined ? about.kind : `${about.kind}@${positionsText(positions)}`,
		doc: about.doc,
		rows: rows.length,
		names: [],
		at,
		graph,
		feeds: { clean, weights },
	};
	return { model, input, ...(mask && { mask }), metric };
}

import { Tensor } from "headscope";
import type { Activation, ActivationPanel } from "../../../service/regression/activation.js";
import type { Exports } from "../../parts/export-menu.js";
import { activationCode } from "./code.js";
import { labelOf } from "./matrix-map.js";
import type { RegressionState } from "./regression-state.js";

/** An activation as files. */
export function activationExports({ title, panels, step }: Activation, state: RegressionState): Exports {
	return {
		name: `activation-${state.run}@${step}-${title}`,
		svg: async () => {
			const { matrixGrid } = await import("headscope/figures");
			const [first = []] = panels;
			const ranges = first.map(({ range }) => range);
			const shared = ranges.every((range) => range.join() === ranges[0]?.join());
			return matrixGrid({
				title: `${state.run} at step ${step}: ${title}`,
				panels: panels.map((row) => row.map(drawable)),
				bars: (shared ? first.slice(0, 1) : first).map(({ title: column, range }) => ({
					title: column.replace(/^\d+\./, "") || "activation",
					range: range[0] < range[1] ? range : [range[0], range[0] + 1],
				})),
			});
		},
		csv: () =>
			panels
				.flat()
				.flatMap(({ title: panel, values, rows, columns }) => [
					[panel || title, ...Array.from({ length: values.shape[1] ?? 0 }, (_, c) => labelOf(columns, c))],
					...Array.from({ length: values.shape[0] ?? 0 }, (_, r) => [
						labelOf(rows, r),
						...values.select(r).data,
					]),
				]),
		json: () => ({ run: state.run, step, title, panels }),
		code: () => activationCode(state, step),
	};
}

/** A masked score has no colour; in a figure it has that of the least one. */
function drawable({
	title,
	values,
	rows,
	columns,
	range,
}: ActivationPanel): Pick<ActivationPanel, "title" | "values" | "rows" | "columns"> {
	const own = values.data.map((value) => (Number.isFinite(value) ? value : range[0]));
	return { title, values: new Tensor("float32", values.shape, own), rows, columns };
}

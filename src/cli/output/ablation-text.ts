import type { Ablations, GreedyAblation, PairAblations } from "../../causal/ablate-heads.js";
import type { Change } from "../../metrics/index.js";
import { counted } from "../../shared/counted.js";
import { three } from "./ranking-text.js";
import { type Column, table } from "./table.js";

/** The largest changes, or the sets of a greedy search, under a line on what was measured. */
export function ablationText(
	model: string,
	found: Ablations | PairAblations | GreedyAblation,
	top: number,
): string {
	const { metric, kind, rows, before } = found;
	const about = `${kind} ablation of ${model}: ${metric} over ${counted(rows, "row")}, before ${three(before)}`;
	if ("steps" in found) {
		return `${about}\n\n${changes(
			found.steps.map((step, i) => [`${i + 1}: ${step.heads.join(" ")}`, step]),
			"SET",
		)}`;
	}
	const named = found.cells.map((cell): [string, Change] => [
		"head" in cell ? cell.head : cell.heads.join(" "),
		cell,
	]);
	named.sort(([, a], [, b]) => Math.abs(b.change) - Math.abs(a.change));
	const more =
		named.length > top ? `\n\n${top} of ${named.length}, the largest changes first; --top shows more` : "";
	return `${about}\n\n${changes(named.slice(0, top), "ranking" in found ? "HEAD" : "HEADS")}${more}`;
}

function changes(rows: readonly (readonly [string, Change])[], title: string): string {
	const interval = rows.some(([, { low }]) => !Number.isNaN(low));
	const columns: Column[] = [
		{ title, right: title !== "SET" },
		{ title: "AFTER", right: true },
		{ title: "CHANGE", right: true },
		...(interval ? [{ title: "95% INTERVAL", right: true }] : []),
		{ title: "RELATIVE", right: true },
	];
	return table(
		columns,
		rows.map(([name, { after, change, relative, low, high }]) => [
			name,
			three(after),
			signed(change),
			...(interval ? [`${signed(low)} .. ${signed(high)}`] : []),
			Number.isFinite(relative) ? `${signed(100 * relative, 1)} %` : "-",
		]),
	);
}

/** With a plus sign, so that changes read as such. */
function signed(value: number, digits = 3): string {
	const text = value.toFixed(digits);
	if (Number(text) === 0) return text.replace("-", "");
	return value > 0 ? `+${text}` : text;
}

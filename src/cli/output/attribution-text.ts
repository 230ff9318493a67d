import type { Agreement } from "../../causal/agreement.js";
import { cellNames, rankCells } from "../../causal/attribution-cells.js";
import type { Listed, RankedPath } from "../actions/attribute.js";
import type { OpenPair } from "../open/open-pair.js";
import { three } from "./ranking-text.js";
import { table } from "./table.js";

/** The metric of both runs, and what they are. */
export function summaryOf(
	{ metric, clean, corrupt }: { metric: string; clean: number; corrupt: number },
	{ title, lines }: Pick<OpenPair, "title" | "lines">,
): string {
	return [`${metric} of ${title}: clean ${three(clean)}, corrupted ${three(corrupt)}`, ...lines].join("\n");
}

/** The largest estimates of a point, with what patching measured. */
export function attributionTable(
	{ point, shown, patched }: Listed,
	top: number,
	tokens: readonly string[],
): string {
	const places = new Map(cellNames(shown).map((cell, i) => [cell, i]));
	const perHead = shown.axes?.[1] !== "pos";
	const columns = [
		{ title: perHead ? (shown.axes?.[1] === "kv_head" ? "KV HEAD" : "HEAD") : "LAYER@POS", right: true },
		{ title: "ESTIMATE", right: true },
		...(patched ? [{ title: "PATCHED", right: true }] : []),
		...(perHead ? [] : [{ title: "TOKEN" }]),
	];
	const rows = rankCells(shown, top).map(({ cell, value }) => {
		const token = tokens[Number(cell.split("@")[1])] ?? "";
		const measured = patched ? [three(patched.data[places.get(cell) as number])] : [];
		return [cell, three(value), ...measured, ...(perHead ? [] : [JSON.stringify(token)])];
	});
	return `${point}: estimated change of the metric where it is patched with the clean run\n\n${table(columns, rows)}`;
}

/** How well estimates agree with patching, in three lines. */
export function agreementText({ cells, pearson, spearman, sameSign, compared, largest }: Agreement): string {
	const [worst] = largest;
	const furthest = worst
		? `\nfurthest off: ${worst.cell}, estimated ${three(worst.estimated)}, patched ${three(worst.measured)}`
		: "";
	return `agreement with patching over ${cells} places: Pearson ${three(pearson)}, Spearman ${three(spearman)}\nequal signs in ${percent(sameSign)} of the ${compared} places that change the metric by 1 % of the most or more${furthest}`;
}

function percent(share: number): string {
	return Number.isNaN(share) ? "none" : `${(100 * share).toFixed(1)} %`;
}

/** The strongest paths. */
export function pathTable(ranking: readonly RankedPath[]): string {
	const columns = [
		{ title: "SENDER", right: true },
		{ title: "RECEIVER", right: true },
		{ title: "CHANGE", right: true },
	];
	return table(
		columns,
		ranking.map(({ sender, receiver, value }) => [sender, receiver, three(value)]),
	);
}

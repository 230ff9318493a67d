import type { Patches } from "../../causal/patch-activations.js";
import { forEachIndex } from "../../tensor/index.js";
import { three } from "./ranking-text.js";
import { table } from "./table.js";

/** The patches that bring back most of the clean run's metric. */
export function patchText(
	{ values, effects, corrupt, at, layers, positions }: Patches,
	tokens: { readonly clean: readonly string[]; readonly corrupt: readonly string[] },
	top: number,
): string {
	const axes = values.axes ?? [];
	const rows: { value: number; cells: string[] }[] = [];
	forEachIndex(values.shape, (index, flat) => {
		const [value, effect] = [values.data[flat] as number, effects.data[flat] as number];
		const places = axes.flatMap((axis, i) => {
			const place = index[i] as number;
			if (axis === "layer") return [String(layers[place])];
			if (axis !== "pos" && axis !== "query") return [String(place)];
			const position = positions?.[place] as number;
			return [String(position), tokenAt(tokens, position)];
		});
		const share = Number.isNaN(effect) ? "-" : three(effect);
		rows.push({ value: Math.abs(value - corrupt), cells: [...places, share, three(value)] });
	});
	rows.sort((a, b) => b.value - a.value);
	const titles = axes.flatMap((axis) => {
		const title = { title: axis.replace("_", " ").toUpperCase(), right: true };
		return axis === "pos" || axis === "query" ? [title, { title: "TOKEN" }] : [title];
	});
	const columns = [...titles, { title: "EFFECT", right: true }, { title: "METRIC", right: true }];
	const shown = table(
		columns,
		rows.slice(0, top).map(({ cells }) => cells),
	);
	const more = rows.length > top ? `\n\n${top} of ${rows.length}, the largest first; --top shows more` : "";
	return `${at} of the clean run in the corrupted one: effect 0 is as corrupted, 1 as clean\n\n${shown}${more}`;
}

/** A position's token; both where the prompts differ. */
function tokenAt(
	{ clean, corrupt }: { readonly clean: readonly string[]; readonly corrupt: readonly string[] },
	position: number,
): string {
	const [a, b] = [clean[position] ?? "", corrupt[position] ?? ""];
	return a === b ? JSON.stringify(b) : `${JSON.stringify(a)} for ${JSON.stringify(b)}`;
}

import { short } from "../../figures/colour.js";
import { scoreGrid, tokenGrid } from "../../figures/index.js";
import { tokenLabel } from "../../figures/token-label.js";
import { Tensor } from "../../tensor/index.js";
import type { DirectResult, LensResult } from "./lens-result.js";
import { titleOf } from "./lens-text.js";

/** Layers down, positions across: the best token and its probability, the answer framed; of runs the predictions. */
export function lensFigure(result: LensResult): string {
	const { labels, positions, tokens, top, answer, predictions, targets } = result;
	const shared = {
		title: `Logit lens of ${titleOf(result)}`,
		rows: { title: "stream", labels },
		columns: { title: "position", labels: positions.map((p) => tokens[p] as string) },
	};
	if (predictions && targets) {
		return tokenGrid({
			...shared,
			rows: { title: "stream", labels: [...labels, "y"] },
			values: Tensor.from([...predictions, targets]),
			measure: "prediction of y",
			notes: ["what y each x is given, and its y"],
			diverging: true,
		});
	}
	const best = (top ?? []).map((row) => row.map((tokens) => tokens[0] as (typeof tokens)[number]));
	return tokenGrid({
		...shared,
		values: Tensor.from(best.map((row) => row.map(({ probability }) => probability))),
		tokens: best.map((row) => row.map(({ token }) => token)),
		...(answer && {
			marked: best.map((row) => row.map(({ id }) => id === answer.id)),
			notes: [`framed: where ${tokenLabel(answer.token)} is the best token`],
		}),
		measure: "probability",
	});
}

/** At one position layers down, and heads or attention and MLP across; else parts down and positions across. */
export function directFigure(result: DirectResult): string {
	const { parts, positions, tokens, by } = result;
	const title = `${subjectOf(result)}: direct logit attribution`;
	const heads = parts.filter(({ kind }) => kind === "head");
	if (by === "head" && positions.length === 1) {
		const nHeads = 1 + Math.max(...heads.map(({ head = 0 }) => head));
		const values = new Float32Array(heads.map(({ values }) => values[0] as number));
		const grid = new Tensor("float32", [heads.length / nHeads, nHeads], values);
		return scoreGrid({ values: grid, title, measure: "logit", diverging: true });
	}
	if (by === "component" && positions.length === 1) return layersFigure(result, title);
	const shown = [...parts, { label: "total", values: result.total }];
	return tokenGrid({
		title,
		values: Tensor.from(shown.map(({ values }) => values)),
		measure: "logit",
		diverging: true,
		rows: { title: "part", labels: shown.map(({ label }) => label) },
		columns: { title: "position", labels: positions.map((p) => tokens[p] as string) },
	});
}

/** What is taken apart, and where it comes from. */
function subjectOf(result: DirectResult): string {
	const { answer, wrong } = result;
	if (answer === null) return `Prediction of y, ${titleOf(result)}`;
	const minus = wrong === null ? "" : ` − ${tokenLabel(wrong)}`;
	return `${tokenLabel(answer)}${minus}, ${titleOf(result)}`;
}

/** What each layer's attention and MLP add at one position; the rest in words. */
function layersFigure({ parts, total }: DirectResult, title: string): string {
	const of = (kind: string): number[] =>
		parts.filter((part) => part.kind === kind).map(({ values }) => values[0] as number);
	const [attn, mlp] = [of("attn"), of("mlp")];
	const rest = parts.filter(({ kind }) => kind !== "attn" && kind !== "mlp");
	const told = [...rest.map(({ label, values }) => [label, values[0]]), ["total", total[0]]] as [
		string,
		number,
	][];
	return tokenGrid({
		title,
		notes: [told.map(([label, value]) => `${label} ${short(value)}`).join(", ")],
		values: Tensor.from(attn.map((value, layer) => [value, mlp[layer] as number])),
		measure: "logit",
		diverging: true,
		rows: { title: "layer" },
		columns: { title: "part", labels: ["attn", "mlp"] },
	});
}

import { scoreGrid, tokenGrid } from "../../figures/index.js";
import { tokenLabel } from "../../figures/token-label.js";
import { Tensor } from "../../tensor/index.js";
import type { DirectResult, LensResult } from "./lens-result.js";
import { directHeadline } from "./lens-text.js";

/** Layers down, positions across: the best token and its probability, the answer framed; of runs the predictions. */
export function lensFigure(result: LensResult): string {
	const { labels, positions, tokens, top, answer, predictions, targets, model } = result;
	const shared = {
		title: `Logit lens of ${model}`,
		rows: { title: "stream", labels },
		columns: { title: "position", labels: positions.map((p) => tokens[p] as string) },
	};
	if (predictions && targets) {
		return tokenGrid({
			...shared,
			rows: { title: "stream", labels: [...labels, "true y"] },
			values: Tensor.from([...predictions, targets]),
			measure: "y",
			notes: ["what y each x is given"],
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

/** Heads as a grid of layers and heads where one position is asked about, else parts down and positions across. */
export function directFigure(result: DirectResult): string {
	const { parts, positions, tokens, by } = result;
	const title = directHeadline(result);
	const heads = parts.filter(({ kind }) => kind === "head");
	if (by === "head" && positions.length === 1) {
		const nHeads = 1 + Math.max(...heads.map(({ head = 0 }) => head));
		const values = new Float32Array(heads.map(({ values }) => values[0] as number));
		const grid = new Tensor("float32", [heads.length / nHeads, nHeads], values);
		return scoreGrid({ values: grid, title, measure: "logit", diverging: true });
	}
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

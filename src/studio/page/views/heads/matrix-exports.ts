import { Tensor } from "headscope";
import type { Matrix } from "../../draw/draw-pattern.js";
import { valueAt } from "../../draw/draw-pattern.js";
import { chosenOf } from "../../parts/chosen-prompt.js";
import { runCode } from "../../parts/share/run-code.js";
import { type Heads, matrixOf, sidesOf } from "./heads.js";

/** One head's pattern without and with changes, and what it was computed of. */
export function matrixJson(heads: Heads, name: string): unknown {
	const { scene } = heads.studio;
	const look = heads.look.peek();
	const { clean, changed } = look ? sidesOf(look, name) : {};
	const { model, prompts, weighting, changes } = scene.peek();
	return {
		...{ model, head: name, values: weighting, prompt: prompts[chosenOf(scene.peek())] },
		interventions: changes.filter(({ on }) => on).map(({ data }) => data),
		tokens: look?.tokens.map(({ id, text }) => ({ id, text })),
		clean: clean && rowsOf(clean),
		...(changed && { changed: rowsOf(changed) }),
	};
}

function rowsOf(matrix: Matrix): number[][] {
	return Array.from({ length: matrix.size }, (_, query) =>
		Array.from({ length: matrix.size }, (__, key) => valueAt(matrix, query, key)),
	);
}

/** A row for each query and key that it can see. */
export function matrixRows(heads: Heads, name: string): (string | number)[][] {
	const look = heads.look.peek();
	const { clean, changed } = look ? sidesOf(look, name) : {};
	const rows: (string | number)[][] = [
		["query", "query token", "key", "key token", "clean", ...(changed ? ["changed"] : [])],
	];
	for (let query = 0; clean && query < clean.size; query++) {
		for (let key = 0; key <= query; key++) {
			const [from, to] = [look?.tokens[query]?.text ?? "", look?.tokens[key]?.text ?? ""];
			const after = changed ? [valueAt(changed, query, key)] : [];
			rows.push([query, from, key, to, valueAt(clean, query, key), ...after]);
		}
	}
	return rows;
}

/** The figure of the library that shows the same numbers. */
export async function matrixSvg(heads: Heads, name: string): Promise<string> {
	// as large as the rest of the page: fetched when it is asked for
	const { attentionPattern, matrixFigure } = await import("headscope/figures");
	const patterns = heads.patterns.peek();
	const matrix = patterns && matrixOf(patterns, name);
	if (!patterns || !matrix) throw new Error(`head ${name}: this model has no such head`);
	const tokens = patterns.tokens.map(({ text }) => text);
	const [scale, weighting] = [heads.scale.peek(), heads.weighting.peek()];
	const shown = heads.shown.peek();
	const data = Float32Array.from(rowsOf(matrix).flat());
	const title = `Head ${name}${shown === "clean" ? "" : `, ${shown}`}`;
	const values = new Tensor("float32", [patterns.size, patterns.size], data);
	if (weighting === "pattern" && shown !== "difference")
		return attentionPattern({ pattern: values, tokens, title, scale });
	return matrixFigure({
		...{ values, title },
		rows: { title: "query (destination)", labels: tokens },
		columns: { title: "key (source)", labels: tokens },
		measure: weighting === "value" ? "||attention x value||" : "changed - clean",
	});
}

/** The library call that computes the same pattern. */
export function matrixCode({ studio, look }: Heads, name: string): string {
	const scene = studio.scene.peek();
	const [layer = "0", head = "0"] = name.split(".");
	const { imports, lines, options, prompt } = runCode(scene, look.peek()?.refused);
	const show = "console.log(pattern.toNested()); // [query][key]";
	if (scene.weighting === "value") {
		const more = options.length > 0 ? `, { ${options.join(", ")} }` : "";
		return [
			...imports,
			'import { valueWeightedPatterns } from "headscope/lens";',
			"",
			...lines,
			`const patterns = await valueWeightedPatterns(model, ${prompt}${more});`,
			`const pattern = patterns.get(${layer}).select(0).select(${head});`,
			show,
		].join("\n");
	}
	const names = `names: "blocks.${layer}.attn.hook_pattern"`;
	return [
		...imports,
		"",
		...lines,
		`const { cache } = await model.runWithCache(${prompt}, { ${[names, ...options].join(", ")} });`,
		`const pattern = cache.get("blocks.${layer}.attn.hook_pattern").select(0).select(${head});`,
		show,
	].join("\n");
}

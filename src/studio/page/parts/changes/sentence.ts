import type { Intervention } from "headscope";

/** The settings that most kinds have. */
type Selected = {
	readonly [field in "at" | "heads" | "kvHeads" | "layers" | "positions" | "rows"]?: unknown;
};

/** A change in words: "zero z of 0.1". */
export function sentence(data: Intervention): string {
	return `${what(data)}${at(data as Selected)}`;
}

function what(data: Intervention): string {
	switch (data.kind) {
		case "zero":
			return `zero ${point(data, "z")}`;
		case "mean":
			return `mean of ${point(data, "z")} over ${data.from === undefined ? "the prompts" : `"${data.from}"`}`;
		case "resample":
			return `${point(data, "z")} from another row of ${data.from === undefined ? "the prompts" : `"${data.from}"`}`;
		case "patch":
			return `${point(data, "z")} from "${data.from}"`;
		case "freeze":
			return `keep ${data.at === undefined ? `patterns and norms' scales${of(data)}` : point(data, "")} as in "${data.from}"`;
		case "add":
			return `add ${data.scale === undefined || data.scale === 1 ? "" : `${data.scale} times `}${data.name ?? "a vector"} to ${point(data, "resid_pre")}`;
		case "scale":
			return `${point(data, "z")} times ${data.factor}`;
		case "replace-pattern":
			return `${point(data, "pattern")} becomes ${typeof data.pattern === "string" ? data.pattern : "one drawn by hand"}`;
		case "edit-scores":
			return `${data.mode === "set" ? "set" : "add to"} ${point(data, "scores")}${pairs(data.pairs)}`;
		case "knock-out":
			return `no attention to ${listed(data.keys, "key")}${of(data)}`;
		case "sae":
			return `${data.features === "all" ? "all features" : listed(data.features, "feature")} of ${data.dictionary} times ${data.factor ?? 0}`;
		default:
			return `${(data as { kind: string }).kind} ${point(data, "")}`.trim();
	}
}

/** "z of 0.1" */
function point(data: object, usual: string): string {
	const { at: named = usual } = data as Selected;
	return `${Array.isArray(named) ? named.join(", ") : named}${of(data)}`;
}

/** " of 0.1, 1.3" */
function of(data: object): string {
	const { heads, kvHeads, layers } = data as Selected;
	if (heads === "all") return " of all heads";
	if (Array.isArray(heads)) return ` of ${heads.join(", ")}`;
	if (kvHeads === "all") return " of all kv heads";
	if (Array.isArray(kvHeads)) return ` of kv ${listed(kvHeads, "head")}`;
	if (layers === "all") return " of all layers";
	return Array.isArray(layers) ? ` of ${listed(layers, "layer")}` : "";
}

function at({ positions, rows }: Selected): string {
	const places = Array.isArray(positions) ? ` at ${listed(positions, "position")}` : "";
	const prompts = Array.isArray(rows)
		? ` in ${listed(
				rows.map((row) => Number(row) + 1),
				"prompt",
			)}`
		: "";
	return places + prompts;
}

function pairs(list: readonly (readonly [number, number, number])[] | undefined): string {
	if (!list) return " by a matrix";
	const [first] = list;
	const more = list.length > 1 ? ` and ${list.length - 1} more` : "";
	return first ? `: query ${first[0]}, key ${first[1]}, ${first[2]}${more}` : "";
}

/** "key 0", "keys 0, 3" */
function listed(list: unknown, one: string): string {
	// what an address brings may be anything
	if (!Array.isArray(list)) return `${one}s ?`;
	return `${one}${list.length === 1 ? "" : "s"} ${list.join(", ")}`;
}

/** Names that are the same in several layers, told once: `blocks.{0-29}.attn.hook_pattern`. */
export interface Folded {
	readonly name: string;
	/** How many names it stands for. */
	readonly count: number;
	readonly shape: readonly (number | string)[];
}

/** Folds names that differ only in their layer and have the same shape, in the order they first appear. */
export function foldLayers(
	items: Iterable<{ readonly name: string; readonly shape: readonly (number | string)[] }>,
): Folded[] {
	const groups = new Map<string, { name: string; layers: number[]; shape: readonly (number | string)[] }>();
	for (const { name, shape } of items) {
		const layer = /^blocks\.(\d+)(?=\.|$)/.exec(name)?.[1];
		const general = layer === undefined ? name : name.replace(layer, "*");
		const key = `${general} ${shape.join()}`;
		const group = groups.get(key) ?? { name: general, layers: [], shape };
		if (layer !== undefined) group.layers.push(Number(layer));
		groups.set(key, group);
	}
	return [...groups.values()].map(({ name, layers, shape }) => ({
		name: layers.length === 0 ? name : name.replace("*", rangeOf(layers)),
		count: Math.max(1, layers.length),
		shape,
	}));
}

/** Layers as text: "3", "{0-29}" where none is left out, else "{0,2,5}". */
function rangeOf(layers: readonly number[]): string {
	const [first, last] = [layers[0] as number, layers.at(-1) as number];
	if (layers.length === 1) return String(first);
	return layers.length === last - first + 1 ? `{${first}-${last}}` : `{${layers.join(",")}}`;
}

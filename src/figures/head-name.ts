/** A head as it is written everywhere: layer and head, both from 0, as in `5.1`. */
export function headName(layer: number, head: number): string {
	return `${layer}.${head}`;
}

/** Throws unless every name is a head of a model with that many layers and heads. */
export function checkHeads(where: string, names: readonly string[], layers: number, heads: number): void {
	for (const name of names) {
		const [, layer, head] = /^(\d+)\.(\d+)$/.exec(name) ?? [];
		if (!(Number(layer) < layers && Number(head) < heads)) {
			throw new RangeError(
				`${where}: no head ${JSON.stringify(name)}, allowed ${headName(0, 0)} to ${headName(layers - 1, heads - 1)}`,
			);
		}
	}
}

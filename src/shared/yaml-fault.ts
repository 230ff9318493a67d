import { isAlias, isMap, isScalar, isSeq, type Node } from "yaml";

/** What is wrong with a document, and with which part of it. */
export interface YamlFault {
	readonly node: Node;
	readonly what: string;
}

/**
 * Finds equal keys of a mapping, and aliases beyond `mostAliases`, in a YAML document that was parsed with
 * `uniqueKeys: false`: the parser compares each key with all before it, and looks for what each alias means among all
 * anchors, which takes hours for a hostile file of a few megabytes.
 */
export function yamlFault(contents: unknown, mostAliases = Number.POSITIVE_INFINITY): YamlFault | undefined {
	const nodes = [contents];
	let aliases = 0;
	// grows as it is walked: a document may be nested more deeply than functions can
	for (const node of nodes) {
		if (isAlias(node) && ++aliases > mostAliases)
			return { node, what: `more than ${mostAliases} aliases; repeat the values` };
		if (isSeq(node)) for (const item of node.items) nodes.push(item);
		if (!isMap(node)) continue;
		const keys = new Set<unknown>();
		for (const { key, value } of node.items) {
			const name = isScalar(key) ? key.value : key;
			if (keys.has(name)) return { node: key as Node, what: "Map keys must be unique" };
			keys.add(name);
			nodes.push(key, value);
		}
	}
	return undefined;
}

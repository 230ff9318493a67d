/** A module with its members, as `model.modules()` gives them. */
export interface ModuleTree {
	/** Dotted, from the root. */
	readonly path: string;
	readonly children: readonly ModuleTree[];
	/** What the rest of the model reads of it: a type and shape, in words. */
	readonly output?: { toString(): string } | undefined;
}

/** A model's modules as an indented text, one a line: its name in the module above, and its output's type and shape. */
export function printModules(tree: ModuleTree): string {
	const lines: string[] = [];
	const visit = (module: ModuleTree, above: string, depth: number): void => {
		// the root has no name
		if (module.path !== "") {
			const name =
				above && module.path.startsWith(`${above}.`) ? module.path.slice(above.length + 1) : module.path;
			lines.push(`${"  ".repeat(depth)}${name}${module.output ? `: ${module.output}` : ""}`);
		}
		for (const child of module.children) visit(child, module.path, module.path === "" ? depth : depth + 1);
	};
	visit(tree, "", 0);
	return lines.join("\n");
}

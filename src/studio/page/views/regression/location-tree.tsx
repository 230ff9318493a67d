import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { RunLocation } from "../../../service/regression/run-info.js";

const KINDS: readonly (readonly [kind: RunLocation["kind"], title: string])[] = [
	["input", "Inputs"],
	["module", "Modules"],
	["hook", "Hook points"],
];

/** Places in the model, as the tree of its modules, and the hook points beside them. */
export function LocationTree({
	locations,
	chosen,
	onChoose,
}: {
	locations: readonly RunLocation[];
	chosen: string;
	onChoose(name: string): void;
}): JSX.Element {
	// the same for every step of a run
	const trees = useMemo(
		() =>
			KINDS.map(([kind, title]) => ({ title, tree: treeOf(locations.filter((one) => one.kind === kind)) })),
		[locations],
	);
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
		<section class="locations scrolls" tabIndex={0} aria-label="Places in the model">
			{trees.map(({ title, tree }) => (
				<div key={title}>
					<h3>{title}</h3>
					<ul>
						{tree.map(({ name, shape, label, depth }) => (
							<li key={name} style={{ paddingLeft: `${depth * 0.9}rem` }}>
								<button
									type="button"
									aria-pressed={name === chosen}
									aria-label={name}
									title={`${name} [${shape}]`}
									onClick={() => onChoose(name)}
								>
									{label}
								</button>
							</li>
						))}
					</ul>
				</div>
			))}
		</section>
	);
}

/** Places with their depth below the others, and the part of their name that those do not have. */
function treeOf(locations: readonly RunLocation[]): (RunLocation & { label: string; depth: number })[] {
	const names = locations.map(({ name }) => name);
	const above = (name: string): string | undefined =>
		names
			.filter((other) => name.startsWith(`${other}.`))
			.sort((a, b) => b.length - a.length)
			.at(0);
	const depthOf = (name: string): number => {
		const parent = above(name);
		return parent === undefined ? 0 : 1 + depthOf(parent);
	};
	return locations.map((location) => {
		const parent = above(location.name);
		return {
			...location,
			label: parent === undefined ? location.name : location.name.slice(parent.length + 1),
			depth: depthOf(location.name),
		};
	});
}

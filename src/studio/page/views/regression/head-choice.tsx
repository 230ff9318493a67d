import type { JSX } from "preact";
import { type ChangeState, HEAD_CHANGES, type HeadChange, type RegressionState } from "./regression-state.js";

const NAMES: Readonly<Partial<Record<HeadChange, string>>> = { zero: "zero-ablated" };

/** What a head does: its own, nothing, or a hand-made pattern. */
export function HeadChoice({
	head,
	state,
	change,
}: {
	head: string;
	state: RegressionState;
	change: ChangeState;
}): JSX.Element {
	const choose = (value: string): void => {
		const { [head]: _, ...others } = state.changes;
		const chosen = HEAD_CHANGES.find((one) => one === value);
		change({ head, changes: chosen ? { ...others, [head]: chosen } : others }, `head ${head}`);
	};
	return (
		<select
			aria-label={`What head ${head} does`}
			value={state.changes[head] ?? "own"}
			onChange={({ currentTarget }) => choose(currentTarget.value)}
		>
			<option value="own">its own</option>
			{HEAD_CHANGES.map((name) => (
				<option key={name} value={name}>
					{NAMES[name] ?? name}
				</option>
			))}
		</select>
	);
}

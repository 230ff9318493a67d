import type { JSX } from "preact";
import { type ChangeState, changeName, HEAD_CHANGES, type RegressionState } from "./regression-state.js";

/** A pattern drawn by hand has no name of its own. */
const DRAWN = "drawn";

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
	const own = state.changes[head];
	const choose = (value: string): void => {
		const { [head]: _, ...others } = state.changes;
		const chosen = HEAD_CHANGES.find((one) => one === value);
		change({ head, changes: chosen ? { ...others, [head]: chosen } : others }, `head ${head}`);
	};
	return (
		<select
			aria-label={`What head ${head} does`}
			value={typeof own === "object" ? DRAWN : (own ?? "own")}
			onChange={({ currentTarget }) => choose(currentTarget.value)}
		>
			<option value="own">its own</option>
			{HEAD_CHANGES.map((name) => (
				<option key={name} value={name}>
					{changeName(name)}
				</option>
			))}
			{typeof own === "object" && <option value={DRAWN}>{changeName(own)}</option>}
		</select>
	);
}

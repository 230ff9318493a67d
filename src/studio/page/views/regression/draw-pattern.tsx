import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { RegressionLook, RegressionSide } from "../../../service/regression/look-at-run.js";
import type { RunInfo } from "../../../service/regression/run-info.js";
import { DrawDialog } from "../../parts/changes/draw-dialog.js";
import { useStudio } from "../../studio.js";
import {
	type ChangeState,
	HEAD_CHANGES,
	type NamedChange,
	type RegressionState,
	requestOf,
} from "./regression-state.js";

export interface DrawPatternProps {
	readonly look: RegressionLook;
	readonly sample: number;
	readonly state: RegressionState;
	readonly change: ChangeState;
	readonly info: RunInfo;
}

/** Patterns that can be drawn over. */
const NAMES = HEAD_CHANGES.filter((name) => name !== "zero");

/** Draws the shown head's pattern by hand, over its own or a named one; every metric follows. */
export function DrawPattern({ look, sample, state, change, info }: DrawPatternProps): JSX.Element {
	const { connection } = useStudio();
	const [open, setOpen] = useState(false);
	const { head, changes } = state;
	const drawn = changes[head];
	const start = async (name: string): Promise<number[][]> => {
		if (name === "") return rowsOf(look.clean, sample, head);
		const asked = requestOf({ ...state, changes: { [head]: name as NamedChange } });
		const { changed, refused } = await connection.call("regressionLook", asked);
		if (!changed) throw new Error(refused[0]?.why ?? `head ${head}: no pattern ${name}`);
		return rowsOf(changed, sample, head);
	};
	return (
		<>
			<button type="button" onClick={() => setOpen(true)}>
				Draw head {head}
			</button>
			{open && (
				<DrawDialog
					heads={`head ${head}`}
					head={head}
					labels={info.tokens}
					names={NAMES}
					{...(typeof drawn === "object" && { rows: drawn.pattern, normalize: drawn.normalize })}
					start={start}
					done={({ pattern, normalize }) => {
						const rows = pattern.map((row) => [...row]);
						change({ changes: { ...changes, [head]: { pattern: rows, normalize } } }, `draw ${head}`);
					}}
					close={() => setOpen(false)}
				/>
			)}
		</>
	);
}

/** One head's pattern, [query][key]. */
function rowsOf({ pattern }: RegressionSide, sample: number, name: string): number[][] {
	const [layer = 0, head = 0] = name.split(".").map(Number);
	return pattern.select(sample).select(layer).select(head).toNested() as number[][];
}

import type { JSX } from "preact";

/** How far a sweep is. */
export interface SweepProgress {
	readonly done: number;
	readonly total: number;
	readonly secondsLeft: number;
}

export interface SweepStatusProps {
	/** Whether it runs, or follows what it is made of. */
	readonly live: boolean;
	readonly busy: boolean;
	/** Of the newest run; undefined before the first. */
	readonly progress: SweepProgress | undefined;
	readonly problem: string;
	/** Why there is nothing to run; empty where there is. */
	readonly missing?: string;
	readonly onLive: (live: boolean) => void;
}

/** Starts and cancels a sweep and tells how far it is; everything keeps its place. */
export function SweepStatus(props: SweepStatusProps): JSX.Element {
	const { live, busy, progress, problem, missing = "", onLive } = props;
	const { done = 0, total = 0 } = progress ?? {};
	return (
		<div class="sweep-status">
			<button type="button" disabled={!live && missing !== ""} onClick={() => onLive(!live)}>
				{live ? (busy ? "Cancel" : "Stop following") : "Run"}
			</button>
			<progress max={total || 1} value={done} aria-label="Cells done" />
			<span role="status">{told(props)}</span>
			<p class="problem" role="alert">
				{busy ? "" : problem}
			</p>
		</div>
	);
}

function told({ live, busy, progress, problem, missing = "" }: SweepStatusProps): string {
	if (missing !== "") return missing;
	if (!progress) return busy ? "starting" : live ? "" : "not run yet";
	const { done, total, secondsLeft } = progress;
	const cells = `${done} of ${total} cells`;
	if (busy) return Number.isFinite(secondsLeft) ? `${cells}, ${left(secondsLeft)}` : cells;
	if (problem !== "") return "";
	if (done < total) return `cancelled after ${cells}`;
	return live ? `${cells}; follows the text and the settings` : cells;
}

function left(seconds: number): string {
	if (seconds < 1) return "less than a second left";
	return seconds < 90 ? `about ${Math.ceil(seconds)} s left` : `about ${Math.ceil(seconds / 60)} min left`;
}

import { useComputed } from "@preact/signals";
import type { JSX, TargetedKeyboardEvent } from "preact";
import { useStudio } from "../../studio.js";
import { useHeads } from "./heads.js";
import { shareOf } from "./score-text.js";

export interface HeadTileProps {
	readonly name: string;
	/** The head whose keys and values it shares with others; undefined where each has its own. */
	readonly kv: number | undefined;
	readonly onWipe: (name: string) => void;
	readonly onKeyDown: (event: TargetedKeyboardEvent<HTMLButtonElement>, name: string) => void;
}

/** One head, small: its pattern, its score, and how much it changed. It is rendered anew only where its own part changes. */
export function HeadTile({ name, kv, onWipe, onKeyDown }: HeadTileProps): JSX.Element {
	const studio = useStudio();
	const heads = useHeads();
	const wiped = useComputed(() => heads.wiped.value.has(name)).value;
	const shown = useComputed(() => heads.large.value === name).value;
	const pinned = useComputed(() => heads.pins.value.includes(name)).value;
	const reached = useComputed(() => (heads.cursor.value || heads.large.value || "0.0") === name).value;
	const change = useComputed(() => heads.changeOf(name));
	const score = useComputed(() => {
		const [layer = 0, head = 0] = name.split(".").map(Number);
		return heads.scores.value?.values[layer]?.[head];
	}).value;
	const scored = useComputed(() => heads.score.value !== "").value;
	const share = score === undefined ? 0 : shareOf(score, heads.scores.value);
	const about = [
		score !== undefined && `${heads.scores.value?.score} ${score.toFixed(2)}`,
		kv !== undefined && `kv head ${kv}`,
		pinned && "pinned",
	].filter(Boolean);
	return (
		<div
			class={`head${wiped ? " wiped" : ""}${pinned ? " pinned" : ""}`}
			data-head={name}
			style={{ "--share": `${Math.round(100 * share)}%` }}
		>
			<button
				type="button"
				class="show"
				aria-pressed={shown}
				aria-label={`Head ${name}${wiped ? ", ablated" : ""}`}
				aria-description={about.join(", ")}
				title={`Head ${name}${about.length > 0 ? `: ${about.join(", ")}` : ""}`}
				tabIndex={reached ? 0 : -1}
				onClick={() => studio.show({ head: name })}
				onFocus={() => {
					heads.cursor.value = name;
				}}
				onKeyDown={(event) => onKeyDown(event, name)}
			>
				{/* its pattern is drawn here, on the sheet of its group */}
				<span class="tile" />
			</button>
			{/* what the button's name and description say, for the eye */}
			{change.value !== "" && (
				<span class="change" aria-hidden="true">
					{change}
				</span>
			)}
			<span class="caption" aria-hidden="true">
				<span>
					{name}
					{kv !== undefined && <span class="kv"> kv{kv}</span>}
				</span>
				{/* the place is kept while a score is computed */}
				{scored && <span class="badge">{score?.toFixed(2) ?? "\u00a0"}</span>}
			</span>
			<button
				type="button"
				class="wipe"
				tabIndex={-1}
				aria-pressed={wiped}
				aria-label={wiped ? `Restore ${name}` : `Wipe ${name}`}
				title={`${wiped ? "Restore" : "Zero-ablate"} head ${name} (key x, or a stroke across it)`}
				onClick={() => onWipe(name)}
			>
				<span class="long">{wiped ? "restore" : "wipe"}</span>
				<span class="short" aria-hidden="true">
					{wiped ? "↺" : "✕"}
				</span>
			</button>
		</div>
	);
}

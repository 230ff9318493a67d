import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import "./draw-dialog.css";
import {
	type Cell,
	type Drawing,
	drawingOf,
	MOST_DRAWN,
	painted,
	readRows,
	renormalized,
	rowSums,
	rowsOf,
	rowsText,
} from "./drawing.js";
import { PatternCanvas } from "./pattern-canvas.js";

/** A drawn pattern, as `replace-pattern` takes it. */
export interface DrawnPattern {
	/** [query][key] */
	readonly pattern: readonly (readonly number[])[];
	/** Whether rows are scaled to sum to 1. */
	readonly normalize: boolean;
}

export interface DrawDialogProps {
	/** Whose pattern it is: "0.1, 1.3". */
	readonly heads: string;
	/** The head whose own pattern can be drawn over. */
	readonly head: string;
	/** What each position is called; the pattern has a row for each. */
	readonly labels: readonly string[];
	/** Patterns that have names. */
	readonly names: readonly string[];
	/** What was drawn before; undefined: over the head's own pattern. */
	readonly rows?: readonly (readonly number[])[] | undefined;
	readonly normalize?: boolean | undefined;
	/** A pattern to draw over, [query][key]: a named one, or for "" the head's own. */
	start(name: string): Promise<number[][]>;
	done(data: DrawnPattern): void;
	close(): void;
}

interface Steps {
	readonly past: readonly Drawing[];
	readonly now: Drawing;
	readonly future: readonly Drawing[];
}

/** A pattern drawn by hand, over a head's own or a named one. */
export function DrawDialog(props: DrawDialogProps): JSX.Element {
	const { heads, head, labels, names, rows, start, done, close } = props;
	const dialog = useRef<HTMLDialogElement>(null);
	const id = useId();
	const [steps, setSteps] = useState<Steps | undefined>(undefined);
	const [cursor, setCursor] = useState<Cell>({ query: 0, key: 0 });
	const [brush, setBrush] = useState(1);
	const [normalize, setNormalize] = useState(props.normalize ?? true);
	const [problem, setProblem] = useState("");
	const size = labels.length;
	const go = (now: Drawing): void =>
		setSteps((before) => ({
			past: before ? [...before.past, before.now].slice(-100) : [],
			now,
			future: [],
		}));
	const begin = (name: string): void => {
		start(name).then(
			(found) => go(drawingOf(found, size)),
			(error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
		);
	};
	useEffect(() => {
		dialog.current?.showModal();
		if (size > MOST_DRAWN)
			setProblem(`${size} tokens; patterns of up to ${MOST_DRAWN} can be drawn: shorten the text`);
		else if (rows) go(drawingOf(rows, size));
		else begin("");
	}, []);
	const undo = (): void =>
		setSteps((at) => {
			const before = at?.past.at(-1);
			return at && before ? { past: at.past.slice(0, -1), now: before, future: [at.now, ...at.future] } : at;
		});
	const redo = (): void =>
		setSteps((at) => {
			const [next, ...future] = at?.future ?? [];
			return at && next ? { past: [...at.past, at.now], now: next, future } : at;
		});
	const now = steps?.now;
	const side = cellSide(size);
	const sums = now ? rowSums(now) : [];
	const put = (cell: Cell, value: number): void => {
		if (now && cell.key <= cell.query) go(painted(now, cell, cell, value));
	};
	const onKeyDown = (event: KeyboardEvent): void => {
		const { query, key } = cursor;
		const moves: Record<string, Cell> = {
			ArrowUp: { query: query - 1, key: Math.min(key, query - 1) },
			ArrowDown: { query: query + 1, key },
			ArrowLeft: { query, key: key - 1 },
			ArrowRight: { query, key: Math.min(key + 1, query) },
		};
		const moved = moves[event.key];
		if (event.ctrlKey || event.metaKey) {
			if (event.key.toLowerCase() !== "z") return;
			(event.shiftKey ? redo : undo)();
		} else if (moved) {
			if (moved.query >= 0 && moved.query < size && moved.key >= 0) setCursor(moved);
		} else if (/^[0-9]$/.test(event.key)) put(cursor, Number(event.key) / 10);
		else if (event.key === " " || event.key === "Enter") put(cursor, brush);
		else if (event.key === "Delete" || event.key === "Backspace") put(cursor, 0);
		else return;
		event.preventDefault();
		event.stopPropagation();
	};
	const label = (position: number): string => labels[position] ?? String(position);
	const share = now?.shares[cursor.query * size + cursor.key] ?? 0;
	const odd = sums.flatMap((sum, query) => (Math.abs(sum - 1) > 1e-3 ? [query] : []));
	const empty = normalize ? sums.indexOf(0) : -1;
	return (
		<dialog ref={dialog} class="draw-dialog" aria-label="Draw a pattern" onClose={close}>
			<h2>Pattern of {heads}: queries down, keys across</h2>
			<div class="draw-tools">
				<label>
					Start from{" "}
					<select
						value="choose"
						onChange={({ currentTarget }) => {
							begin(currentTarget.value);
							currentTarget.value = "choose";
						}}
					>
						<option value="choose" disabled>
							...
						</option>
						<option value="">{head} as it is</option>
						{names.map((name) => (
							<option key={name} value={name}>
								{name}
							</option>
						))}
					</select>
				</label>
				<label>
					Brush{" "}
					<input
						type="number"
						min="0"
						max="1"
						step="0.1"
						value={brush}
						onInput={({ currentTarget: { valueAsNumber } }) => {
							if (valueAsNumber >= 0 && valueAsNumber <= 1) setBrush(valueAsNumber);
						}}
					/>
				</label>
				<button type="button" disabled={!steps?.past.length} onClick={undo}>
					Undo stroke
				</button>
				<button type="button" disabled={!steps?.future.length} onClick={redo}>
					Redo stroke
				</button>
			</div>
			{now && size <= MOST_DRAWN && (
				<div class="draw-area">
					{side >= 11 && <Names class="keys" side={side} names={labels} />}
					{side >= 11 && <Names class="queries" side={side} names={labels} />}
					<PatternCanvas
						drawing={now}
						side={side}
						cursor={cursor}
						describedBy={id}
						onKeyDown={onKeyDown}
						stroke={(from, to, first) => {
							setCursor(to.key <= to.query ? to : { query: to.query, key: to.query });
							setSteps((at) => at && strokeOf(at, from, to, brush, first));
						}}
					/>
					<Names class="sums" side={side} names={sums.map((sum) => sum.toFixed(2))} />
				</div>
			)}
			<p id={id} aria-live="polite">
				query {cursor.query} <code>{label(cursor.query)}</code> to key {cursor.key}{" "}
				<code>{label(cursor.key)}</code>: {share.toFixed(2)}; the row sums to{" "}
				{(sums[cursor.query] ?? 0).toFixed(2)}
			</p>
			<div class="draw-tools">
				<label>
					<input
						type="checkbox"
						checked={normalize}
						onChange={({ currentTarget }) => setNormalize(currentTarget.checked)}
					/>{" "}
					scale every row to sum to 1
				</label>
				<button
					type="button"
					disabled={!now || odd.length === 0}
					onClick={() => now && go(renormalized(now))}
				>
					Scale now
				</button>
			</div>
			<p class="draw-state" aria-live="polite">
				{problem ||
					(empty >= 0
						? `Row ${empty} is all zeros and cannot be scaled: paint a key, or take rows as they are.`
						: stateOf(odd, sums, normalize))}
			</p>
			{now && <AsNumbers drawing={now} put={go} />}
			<div class="draw-tools">
				<button
					type="button"
					class="primary"
					disabled={!now || empty >= 0}
					onClick={() => {
						if (now) done({ pattern: rowsOf(now), normalize });
						dialog.current?.close();
					}}
				>
					Use this pattern
				</button>
				<button type="button" onClick={() => dialog.current?.close()}>
					Cancel
				</button>
			</div>
		</dialog>
	);
}

/** A stroke's cells belong together: only its beginning is a step of undo. */
function strokeOf({ past, now, future }: Steps, from: Cell, to: Cell, value: number, first: boolean): Steps {
	const next = painted(now, from, to, value);
	return first ? { past: [...past, now].slice(-100), now: next, future: [] } : { past, now: next, future };
}

function stateOf(odd: readonly number[], sums: readonly number[], normalize: boolean): string {
	if (odd.length === 0) return "Every row sums to 1.";
	const some = odd.slice(0, 6).map((query) => `row ${query} sums to ${(sums[query] as number).toFixed(2)}`);
	const more = odd.length > 6 ? ` and ${odd.length - 6} more` : "";
	return `${some.join(", ")}${more}: ${normalize ? "scaled to 1 when used" : "used as drawn"}.`;
}

/** Pixels on a side of a cell, so that the whole pattern and its names fit. */
function cellSide(size: number): number {
	const room = Math.min(560, innerWidth - 170, innerHeight - 330);
	return Math.max(4, Math.min(42, Math.floor(room / size)));
}

function Names(props: { class: string; side: number; names: readonly string[] }): JSX.Element {
	const { class: name, side, names } = props;
	return (
		<ol class={name} aria-hidden="true" style={{ "--side": `${side}px` }}>
			{names.map((text, i) => (
				<li key={i}>{text}</li>
			))}
		</ol>
	);
}

/** The same pattern as text, to read, to type and to paste. */
function AsNumbers({ drawing, put }: { drawing: Drawing; put: (drawing: Drawing) => void }): JSX.Element {
	const [problem, setProblem] = useState("");
	return (
		<details>
			<summary>As numbers</summary>
			<textarea
				aria-label="Rows of the pattern, a line for each query"
				rows={Math.min(10, drawing.size)}
				spellcheck={false}
				value={rowsText(drawing)}
				onChange={({ currentTarget }) => {
					const read = readRows(currentTarget.value, drawing.size);
					setProblem(typeof read === "string" ? read : "");
					if (typeof read !== "string") put(read);
				}}
			/>
			{problem && (
				<p class="problem" role="alert">
					{problem}
				</p>
			)}
		</details>
	);
}

import type { JSX } from "preact";
import { figure, relative } from "../../draw/numbers.js";
import { useChosenLook } from "../chosen-prompt.js";
import { CompareTable } from "./compare-table.js";

/** Height of the bars, in units of the drawing. */
const HEIGHT = 40;

/** The chosen prompt's loss: its mean, and what each token costs, in nats. */
export function Losses(): JSX.Element {
	const look = useChosenLook().value;
	const clean = look?.clean.loss.data ?? [];
	const changed = look?.changed?.loss.data;
	const [before, after] = [mean(clean), changed && mean(changed)];
	const tokens = look?.tokens ?? [];
	const highest = Math.max(1, ...clean, ...(changed ?? []));
	return (
		<div class="losses">
			<p>
				{clean.length === 0 ? (
					<span class="quiet">Loss: no token has one before it</span>
				) : (
					<>
						Loss <span title={String(before)}>{figure(before)}</span>
						{after !== undefined && (
							<>
								{" → "}
								<strong title={String(after)}>{figure(after)}</strong>{" "}
								<span class="quiet">({relative((after - before) / before)})</span>
							</>
						)}{" "}
						<span class="quiet">nats, mean of {clean.length} tokens</span>
					</>
				)}
			</p>
			<svg
				viewBox={`0 0 ${Math.max(1, clean.length) * 10} ${HEIGHT}`}
				preserveAspectRatio="none"
				role="img"
				aria-label="Loss of each token; the table below has the numbers"
			>
				{Array.from(clean, (loss, i) => (
					<g key={i}>
						<title>{`${tokens[i + 1]?.shown}: ${figure(loss)}${changed ? `, changed ${figure(changed[i])}` : ""}`}</title>
						<Bar x={10 * i + 1} share={loss / highest} kind="clean" />
						{changed && <Bar x={10 * i + 5} share={(changed[i] as number) / highest} kind="changed" />}
					</g>
				))}
			</svg>
			<details>
				<summary>Loss per token</summary>
				<div class="scrolled">
					<CompareTable
						label="Loss per token"
						rows={Array.from(clean, (loss, i) => ({
							key: i,
							head: (
								<>
									<span class="quiet">{i + 1}</span> <code>{tokens[i + 1]?.shown}</code>
								</>
							),
							clean: loss,
							changed: changed?.[i],
						}))}
					/>
				</div>
			</details>
		</div>
	);
}

function Bar({ x, share, kind }: { x: number; share: number; kind: string }): JSX.Element {
	const height = Math.max(0.5, share * HEIGHT);
	return <rect class={kind} x={x} y={HEIGHT - height} width={4} height={height} />;
}

function mean(values: ArrayLike<number>): number {
	let sum = 0;
	for (let i = 0; i < values.length; i++) sum += values[i] as number;
	return values.length === 0 ? 0 : sum / values.length;
}

import type { JSX } from "preact";
import type { RegressionLook } from "../../../service/regression/look-at-run.js";
import type { RunInfo } from "../../../service/regression/run-info.js";
import { type ChangeState, type RegressionState, sequenceOf } from "./regression-state.js";

export interface ProbeEditorProps {
	readonly state: RegressionState;
	readonly change: ChangeState;
	readonly look: RegressionLook;
	readonly sample: number;
	readonly info: RunInfo;
}

const PROBES = [
	["basis", "along the axes"],
	["random", "random"],
	["edited", "edited"],
] as const;

/** The sequences: along the axes, random, or edited by hand. Any number can be typed over, which makes a copy. */
export function ProbeEditor({ state, change, look, sample, info }: ProbeEditorProps): JSX.Element {
	const shown = sequenceOf(look, sample);
	const [samples = 1] = look.xs.shape;
	const edit = (next: Partial<{ xs: number[][]; ys: number[] }>): void =>
		change({ probe: "edited", sample: 0, ...shown, ...next }, "probe numbers");
	return (
		<section class="probe" aria-label="Sequence">
			<h2>Sequence</h2>
			<div class="choices">
				<label>
					Inputs{" "}
					<select
						value={state.probe}
						onChange={({ currentTarget }) => {
							const probe = currentTarget.value as RegressionState["probe"];
							// what is edited begins with what is seen
							change({ probe, sample: 0, ...(probe === "edited" && shown) }, "probe");
						}}
					>
						{PROBES.map(([id, name]) => (
							<option key={id} value={id}>
								{name}
							</option>
						))}
					</select>
				</label>
				{state.probe === "random" && (
					<label>
						Tasks{" "}
						<select
							value={state.tasks}
							onChange={({ currentTarget }) =>
								change({ tasks: currentTarget.value as RegressionState["tasks"] }, "probe")
							}
						>
							<option value="pretrain">the run's own</option>
							<option value="true">Gaussian</option>
						</select>
					</label>
				)}
				{state.probe !== "edited" && (
					<label>
						Seed{" "}
						<input
							type="number"
							min={0}
							max={2 ** 32 - 1}
							value={state.seed}
							onInput={({ currentTarget: { valueAsNumber: seed } }) => {
								if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) change({ seed }, "seed");
							}}
						/>
					</label>
				)}
				{samples > 1 && (
					<label>
						Sequence{" "}
						<select
							value={sample}
							onChange={({ currentTarget }) => change({ sample: Number(currentTarget.value) })}
						>
							{Array.from({ length: samples }, (_, i) => (
								<option key={i} value={i}>
									{i}
								</option>
							))}
						</select>
					</label>
				)}
			</div>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
			<section class="scrolls" tabIndex={0} aria-label="Numbers of the sequence">
				<table class="numbers">
					<thead>
						<tr>
							<th scope="col">example</th>
							{Array.from({ length: info.taskSize }, (_, d) => (
								<th scope="col" key={d}>
									x[{d}]
								</th>
							))}
							<th scope="col">y</th>
						</tr>
					</thead>
					<tbody>
						{shown.xs.map((x, k) => (
							<tr key={k}>
								<th scope="row">{k}</th>
								{x.map((value, d) => (
									<NumberCell
										key={d}
										label={`x${k}[${d}]`}
										value={value}
										onEdit={(next) => edit({ xs: shown.xs.with(k, x.with(d, next)) })}
									/>
								))}
								<NumberCell
									label={`y${k}`}
									value={shown.ys[k] ?? 0}
									onEdit={(next) => edit({ ys: shown.ys.with(k, next) })}
								/>
							</tr>
						))}
					</tbody>
				</table>
			</section>
		</section>
	);
}

function NumberCell({
	label,
	value,
	onEdit,
}: {
	label: string;
	value: number;
	onEdit(value: number): void;
}): JSX.Element {
	return (
		<td>
			<input
				type="number"
				step="any"
				aria-label={label}
				value={Number(value.toFixed(4))}
				onChange={({ currentTarget }) => {
					const next = currentTarget.valueAsNumber;
					if (Number.isFinite(next) && Math.abs(next) <= 1e6) onEdit(next);
					else currentTarget.value = String(Number(value.toFixed(4)));
				}}
			/>
		</td>
	);
}

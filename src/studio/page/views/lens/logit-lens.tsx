import { Tensor } from "headscope";
import type { JSX } from "preact";
import type { LensReading, LensSide } from "../../../service/work/lens.js";
import { percent } from "../../draw/numbers.js";
import { AnswerField, answerOf } from "../../parts/answer-field.js";
import { LeftOut } from "../../parts/changes/left-out.js";
import { HeatMap } from "../../parts/heat-map.js";
import { SelectField } from "../../parts/select-field.js";
import { useCall } from "../../parts/use-call.js";
import { useStudio } from "../../studio.js";
import { lensCode } from "./code.js";
import { runParams } from "./run-params.js";
import { LENS_AT, type LensState, pointsOf } from "./state.js";

export interface ReadingProps {
	readonly state: LensState;
	readonly change: (next: Partial<LensState>) => void;
}

/** Milliseconds that a text must stay before it is read: a lens unembeds every position at every point. */
const WAIT = 120;
/** Tokens that are told of each place. */
const TOP = 5;

/** What the model would say if it ended at each layer: a table of its best tokens, by position. */
export function LogitLens({ state, change }: ReadingProps): JSX.Element {
	const studio = useStudio();
	const run = runParams(studio);
	const track = answerOf(state.track);
	const at = pointsOf(state.at);
	const params = run && { ...run, at, top: TOP, ...(track !== undefined && { track }) };
	const { result, problem } = useCall("lens", params, WAIT, true);
	const reading = result.value;
	return (
		<section class="reading" aria-label="Logit lens">
			<div class="settings">
				<SelectField
					label="Read"
					value={state.at}
					options={LENS_AT}
					onChange={(next) => change({ at: next })}
				/>
				<AnswerField
					label="Track"
					value={state.track}
					otherwise="what is said at the end"
					used={reading && [reading.tracked]}
					onChange={(next) => change({ track: next })}
				/>
				<SelectField
					label="Shade by"
					value={state.shade}
					options={SHADES}
					onChange={(next) => change({ shade: next })}
				/>
			</div>
			<p class="problem" role="alert">
				{problem.value}
			</p>
			<LeftOut refused={reading?.refused ?? []} of="this reading" />
			{!reading && problem.value === "" && <p class="quiet">Reading ...</p>}
			{reading && (
				<div class="beside">
					<LensMap
						{...{ reading, state, change }}
						side={reading.clean}
						name={reading.changed ? "Unchanged" : ""}
						code={() => lensCode({ ...(run ?? NOTHING), interventions: [] }, at, reading.tracked.text)}
					/>
					{reading.changed && (
						<LensMap
							{...{ reading, state, change }}
							side={reading.changed}
							name="Changed"
							code={() =>
								lensCode({ ...(run ?? NOTHING), refused: reading.refused }, at, reading.tracked.text)
							}
						/>
					)}
				</div>
			)}
		</section>
	);
}

const SHADES = {
	best: "the best token's probability",
	tracked: "the tracked token's probability",
} as const;

const NOTHING = { model: "", prompts: [], interventions: [] };

interface LensMapProps extends ReadingProps {
	readonly reading: LensReading;
	readonly side: LensSide;
	/** Which of two models; empty where there is one. */
	readonly name: string;
	readonly code: () => string;
}

function LensMap({ reading, side, name, state, change, code }: LensMapProps): JSX.Element {
	const { tokens, labels, names, tracked } = reading;
	const { ids, logProbs, trackedLogProbs, trackedRanks } = side;
	const [, count = 0, k = 0] = ids.shape;
	const best = (row: number, column: number): number => ids.at(row, column, 0);
	const shownOf = (id: number): string => names[id]?.shown ?? `#${id}`;
	const values =
		state.shade === "tracked"
			? trackedLogProbs.data.map(Math.exp)
			: Float32Array.from({ length: labels.length * count }, (_, i) =>
					Math.exp(logProbs.data[i * k] as number),
				);
	const rows = { title: "stream", labels };
	const columns = { title: "position", labels: tokens.map(({ shown }) => shown) };
	const what =
		state.shade === "tracked" ? `probability of ${tracked.shown}` : "probability of the best token";
	const title = `${name === "" ? "" : `${name}: `}what is read at each point of the stream`;
	return (
		<HeatMap
			title={title}
			values={values}
			rows={rows}
			columns={columns}
			measure={`${what}; framed where the best token is ${tracked.shown}`}
			colours="shares"
			format={percent}
			text={(row, column) => shownOf(best(row, column))}
			detail={(row, column) => {
				const list = Array.from({ length: k }, (_, i) => {
					const share = percent(Math.exp(logProbs.at(row, column, i)));
					return `${shownOf(ids.at(row, column, i))} ${share}`;
				});
				const share = percent(Math.exp(trackedLogProbs.at(row, column)));
				return `Best: ${list.join(", ")}. ${tracked.shown}: ${share}, ${trackedRanks.at(row, column)} above it`;
			}}
			marked={(row, column) => best(row, column) === tracked.id}
			action="tracks its best token"
			onPick={(row, column) => change({ track: `#${best(row, column)}` })}
			exports={{
				name: `logit-lens${name === "" ? "" : `-${name.toLowerCase()}`}`,
				svg: () => figureOf({ values, title, what, rows, columns, tokens: tokensOf(side, shownOf) }),
				json: () => ({ tokens, labels, tracked, ...side, names }),
				code,
			}}
		/>
	);
}

/** The best token of each place [row][column]. */
function tokensOf({ ids }: LensSide, shownOf: (id: number) => string): string[][] {
	const [rows = 0, columns = 0] = ids.shape;
	return Array.from({ length: rows }, (_, row) =>
		Array.from({ length: columns }, (_, column) => shownOf(ids.at(row, column, 0))),
	);
}

interface FigureFacts {
	readonly values: Float32Array<ArrayBufferLike>;
	readonly title: string;
	readonly what: string;
	readonly rows: { readonly title: string; readonly labels: readonly string[] };
	readonly columns: { readonly title: string; readonly labels: readonly string[] };
	readonly tokens: string[][];
}

async function figureOf({ values, title, what, rows, columns, tokens }: FigureFacts): Promise<string> {
	const { tokenGrid } = await import("headscope/figures");
	const shape = [rows.labels.length, columns.labels.length];
	const grid = new Tensor("float32", shape, Float32Array.from(values));
	return tokenGrid({ values: grid, tokens, rows, columns, title, measure: what });
}

import { useComputed, useSignalEffect } from "@preact/signals";
import type { HeadScores } from "headscope/scores";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { ParamsOf } from "../../../service/registry.js";
import { scoredDonors } from "../../parts/changes/donors.js";
import { ExportMenu, type Exports } from "../../parts/export-menu.js";
import { useCall } from "../../parts/use-call.js";
import { useViewState } from "../../parts/use-view-state.js";
import { useStudio } from "../../studio.js";
import { HEADS_FIRST, HEADS_STATE, useHeads } from "./heads.js";
import { partnerOf } from "./partner.js";

const MOST = 10;
/** What an induction head of a later layer reads from. */
const PARTNER = "previous-token";
/** Milliseconds that a slider or a text must rest before a changed model, or typed text, is scored. */
const REST = 300;

/** The heads that a score is highest of, and which head the best one reads from. */
export function HeadFinder(): JSX.Element {
	const studio = useStudio();
	const heads = useHeads();
	const { scene, model } = studio;
	const [{ scored, rows }, change] = useViewState("heads", HEADS_STATE, HEADS_FIRST);
	// as text, so that a keystroke that changes nothing of it renders nothing anew
	const asked = useComputed(() => {
		const { prompts, bos, changes, score } = scene.value;
		const { scored, rows } = heads.state.value;
		const ref = model.value?.ref;
		if (ref === undefined || score === "") return "";
		const params: ParamsOf<"score"> = {
			model: ref,
			scores: [...new Set([score, PARTNER])],
			...(rows === "prompts" && { prompts: [...prompts] }),
			...(bos !== null && { bos }),
			...(scored === "changed" && {
				interventions: changes.filter(({ on }) => on).map(({ data }) => data),
				donors: scoredDonors(scene.value),
			}),
		};
		return JSON.stringify(params);
	}).value;
	const params = asked === "" ? undefined : (JSON.parse(asked) as ParamsOf<"score">);
	const call = useCall("score", params, scored === "changed" || rows === "prompts" ? REST : 0);
	const found = useComputed(() => {
		const { result } = call;
		return result.value?.model === model.value?.ref ? result.value?.scores : undefined;
	});
	// while another score is computed, the last one stays, under its own name
	const own = useComputed(() => {
		const asked = heads.score.value;
		return asked === "" ? undefined : (found.value?.find(({ score }) => score === asked) ?? found.value?.[0]);
	});
	const partner = useComputed(() => {
		const previous = found.value?.find((one) => one.score === PARTNER);
		return own.value && previous && partnerOf(own.value, previous);
	});
	useSignalEffect(() => {
		heads.scores.value = own.value;
		heads.finding.value = own.value === undefined && call.problem.value === "";
	});
	useSignalEffect(() => {
		// the best head of the model as it is stays large while the model is changed
		const isClean = heads.state.value.scored === "clean";
		if (own.value?.score === heads.score.value && (isClean || studio.best.peek() === ""))
			studio.best.value = own.value.ranking[0]?.head ?? "";
	});
	useEffect(() => {
		// another model's best head means nothing
		studio.best.value = own.peek()?.ranking[0]?.head ?? "";
		heads.cursor.value = "";
	}, [model.value?.ref]);
	// rows that are drawn have donors of their own length, which the scene has not
	const drawn = rows === "samples" && (params?.interventions ?? []).some((one) => "from" in (one as object));
	const more = (): Promise<typeof import("./ranking-exports.js")> => import("./ranking-exports.js");
	const exportsOf = (found: HeadScores, asked: ParamsOf<"score">): Exports => ({
		name: `ranking-${found.score}`,
		svg: async () => (await more()).rankingFigure(found, asked.model),
		csv: async () => (await more()).rankingTable(found),
		json: () => found,
		...(!drawn && {
			code: async () => {
				const { refused = [] } = call.result.peek() ?? {};
				return (await more()).rankingCode(asked, found, { donors: scene.peek().donors, refused });
			},
		}),
	});
	const score = own.value?.score ?? heads.score.value;
	const doc = model.value?.scores.find(({ name }) => name === score)?.doc;
	const ranking = own.value?.ranking ?? [];
	const hasControl = ranking[0]?.control !== undefined;
	// rows are there before they are filled
	const { nLayers = 0, nHeads = 0 } = model.value ?? {};
	const waiting = own.value ? 0 : Math.min(MOST, nLayers * nHeads);
	const progress = call.progress.value;
	return (
		<section class="finder" aria-label="Head finder" aria-busy={call.busy.value}>
			<h2>
				Best heads <span class="quiet">{score}</span>
			</h2>
			<p class="quiet about">
				{doc ?? "Choose a score above, and heads are ranked by it."}
				{own.value && ` On ${rowsOf(own.value)}; a uniform pattern has ${own.value.baseline.toFixed(3)}.`}
				{call.busy.value && progress && ` ${progress.done} of ${progress.total} rows`}
			</p>
			{call.problem.value && <p class="problem">{call.problem.value}</p>}
			{call.result.value?.refused?.map(({ why }) => (
				<p class="problem" key={why}>
					Left out of the scores: {why}
				</p>
			))}
			<div class="finder-tools">
				<label>
					on{" "}
					<select
						value={rows}
						onChange={({ currentTarget: { value } }) => change({ rows: value as typeof rows })}
					>
						<option value="samples">random samples</option>
						<option value="prompts">the prompts</option>
					</select>
				</label>
				<label>
					of the{" "}
					<select
						value={scored}
						onChange={({ currentTarget: { value } }) => change({ scored: value as typeof scored })}
					>
						<option value="clean">clean model</option>
						<option value="changed">changed model</option>
					</select>
				</label>
				{/* it has its room before there is anything to save */}
				<ExportMenu of={own.value && params ? exportsOf(own.value, params) : { name: "ranking" }} />
			</div>
			<table class="ranking">
				<thead>
					<tr>
						<th scope="col">head</th>
						<th scope="col">score</th>
						{hasControl && <th scope="col">control</th>}
						{hasControl && <th scope="col">lift</th>}
					</tr>
				</thead>
				<tbody>
					{ranking.slice(0, MOST).map(({ head, score: value, control, lift }) => (
						<tr key={head}>
							<th scope="row">
								<button
									type="button"
									aria-pressed={heads.large.value === head}
									aria-label={`Show ${head}`}
									onClick={() => studio.show({ head })}
								>
									{head}
								</button>
							</th>
							<td>{value.toFixed(3)}</td>
							{control !== undefined && <td>{control.toFixed(3)}</td>}
							{lift !== undefined && <td>{fixed(lift)}</td>}
						</tr>
					))}
					{Array.from({ length: waiting }, (_, i) => (
						<tr key={`waiting ${i}`} class="waiting">
							<td colSpan={2}>...</td>
						</tr>
					))}
				</tbody>
			</table>
			<p class="partner">
				{partner.value && (
					<>
						Head {partner.value.of} reads from the best previous-token head of an earlier layer,{" "}
						<button
							type="button"
							aria-label={`Show partner ${partner.value.head}`}
							onClick={() => studio.show({ head: partner.value?.head ?? "" })}
						>
							{partner.value.head}
						</button>{" "}
						({partner.value.score.toFixed(2)}). Wipe it, and look at head {partner.value.of} again.
					</>
				)}
			</p>
		</section>
	);
}

/** Three decimals, without a sign where they are all 0. */
function fixed(value: number): string {
	return value.toFixed(3).replace(/^-(0\.0*)$/, "$1");
}

function rowsOf({ samples, task }: { samples: number; task: string }): string {
	return `${samples} ${samples === 1 ? "row" : "rows"} of ${task}`;
}

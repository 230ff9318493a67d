import type { JSX } from "preact";
import type { Attributed, AttributedSide } from "../../../service/work/attribute.js";
import { roundUp, signedNumber } from "../../draw/numbers.js";
import { AnswerField, answerOf } from "../../parts/answer-field.js";
import { LeftOut } from "../../parts/changes/left-out.js";
import { useChosenLook } from "../../parts/chosen-prompt.js";
import { ExportMenu, type Exports } from "../../parts/export-menu.js";
import { HeatMap } from "../../parts/heat-map.js";
import { SelectField } from "../../parts/select-field.js";
import { useCall } from "../../parts/use-call.js";
import { useStudio } from "../../studio.js";
import { isWiped, toggleWipe } from "../heads/wipe.js";
import { attributionCode } from "./code.js";
import type { ReadingProps } from "./logit-lens.js";
import { PartBars } from "./part-bars.js";
import { runParams } from "./run-params.js";

/** Milliseconds that a text must stay before it is read. */
const WAIT = 120;
const LAST = "last";
/** Neurons that are told one by one. */
const NEURONS = 20;

/** What each component, head and neuron adds to one logit, or to the difference of two. */
export function Attribution({ state, change }: ReadingProps): JSX.Element {
	const studio = useStudio();
	const run = runParams(studio);
	const [answers, wrong] = [answerOf(state.answer), answerOf(state.wrong)];
	const { position } = state;
	const params = run && {
		...run,
		...(position !== null && { position }),
		...(answers !== undefined && { answers }),
		...(wrong !== undefined && { wrong }),
		neurons: NEURONS,
	};
	const { result, problem } = useCall("attribute", params, WAIT, true);
	const found = result.value;
	const tokens = useChosenLook().value?.tokens ?? [];
	const code = (by: "component" | "head" | "neuron", changed: boolean) => (): string =>
		!run || !found
			? ""
			: attributionCode(changed ? { ...run, refused: found.refused } : { ...run, interventions: [] }, by, {
					answers: found.answer.text,
					...(found.wrong && { wrong: found.wrong.text }),
					positions: found.position,
				});
	return (
		<section class="reading" aria-label="Direct logit attribution">
			<div class="settings">
				<SelectField
					label="Behind"
					value={position === null ? LAST : `@${position}`}
					options={{
						[LAST]: "the last token",
						...Object.fromEntries(tokens.map(({ shown }, i) => [`@${i}`, `${i} ${shown}`])),
					}}
					onChange={(next) => change({ position: next === LAST ? null : Number(next.slice(1)) })}
				/>
				<AnswerField
					label="Logit of"
					value={state.answer}
					otherwise="what is said there"
					used={found && [found.answer]}
					onChange={(next) => change({ answer: next })}
				/>
				<AnswerField
					label="minus that of"
					value={state.wrong}
					otherwise="nothing"
					used={found?.wrong && [found.wrong]}
					onChange={(next) => change({ wrong: next })}
				/>
			</div>
			<p class="problem" role="alert">
				{problem.value}
			</p>
			<LeftOut refused={found?.refused ?? []} of="this reading" />
			{!found && problem.value === "" && <p class="quiet">Reading ...</p>}
			{found && (
				<div class="sides">
					<Side found={found} side={found.clean} name={found.changed ? "Unchanged" : ""} code={code} />
					{found.changed && <Side found={found} side={found.changed} name="Changed" code={code} />}
				</div>
			)}
		</section>
	);
}

interface SideProps {
	readonly found: Attributed;
	readonly side: AttributedSide;
	/** Which of two models; empty where there is one. */
	readonly name: string;
	readonly code: (by: "component" | "head" | "neuron", changed: boolean) => () => string;
}

function Side({ found, side, name, code }: SideProps): JSX.Element {
	const studio = useStudio();
	const { scene } = studio;
	const { changes } = scene.value;
	const { heads, components, neurons, remainder, total } = side;
	const [layers = 0, count = 0] = heads.shape;
	const numbers = (length: number): string[] => Array.from({ length }, (_, i) => String(i));
	// one scale for both models, so that they can be compared
	const both = [found.clean, ...(found.changed ? [found.changed] : [])];
	const widest = (list: readonly number[]): number => roundUp(Math.max(...list.map(Math.abs)));
	const about = found.wrong
		? `logit of ${found.answer.shown} minus that of ${found.wrong.shown}`
		: `logit of ${found.answer.shown}`;
	const changed = name === "Changed";
	const before = name === "" ? "" : `${name}: `;
	const file = (what: string): string => `attribution-${what}${name === "" ? "" : `-${name.toLowerCase()}`}`;
	const sum = components.reduce((all, { value }) => all + value, 0);
	return (
		<div class="side">
			<h2>{`${before}${about}, behind position ${found.position}`}</h2>
			<div class="beside">
				<figure>
					<ExportBeside
						of={{
							name: file("components"),
							csv: () => [["component", "value"], ...components.map(({ label, value }) => [label, value])],
							json: () => ({ ...found, side }),
							code: code("component", changed),
						}}
					/>
					<PartBars
						caption="Components"
						part="component"
						bars={components}
						sums={[
							{ label: "sum", value: sum },
							...(Math.abs(remainder) > 1e-3 ? [{ label: "not by any part", value: remainder }] : []),
							{ label: "logit of the run", value: total },
						]}
						most={widest(both.flatMap((one) => one.components.map(({ value }) => value)))}
					/>
				</figure>
				<HeatMap
					title={`${before}heads`}
					values={heads.data}
					rows={{ title: "layer", labels: numbers(layers) }}
					columns={{ title: "head", labels: numbers(count) }}
					measure={`added to the ${about}`}
					most={widest(both.flatMap((one) => [...one.heads.data]))}
					marked={(layer, head) => isWiped(changes, `${layer}.${head}`)}
					action="zero-ablates this head in every view"
					onPick={(layer, head) => {
						const wiped = `${layer}.${head}`;
						studio.setChanges(toggleWipe(scene.peek().changes, wiped), `wipe ${wiped}`);
					}}
					exports={{
						name: file("heads"),
						svg: () => figureOf(heads, `${before}${about}: direct attribution`),
						json: () => ({ ...found, side }),
						code: code("head", changed),
					}}
				/>
				<figure>
					<ExportBeside
						of={{
							name: file("neurons"),
							csv: () => [["neuron", "value"], ...neurons.map(({ label, value }) => [label, value])],
							json: () => neurons,
							code: code("neuron", changed),
						}}
					/>
					<PartBars
						caption={`The ${neurons.length} strongest neurons`}
						part="neuron"
						bars={neurons}
						most={widest(both.flatMap((one) => one.neurons.map(({ value }) => value)))}
					/>
				</figure>
			</div>
			<p class="quiet">
				The residual stream is a sum; with the final norm's scale as it was in this run, so is a logit:{" "}
				{signedNumber(total)}.
			</p>
		</div>
	);
}

function ExportBeside({ of }: { readonly of: Exports }): JSX.Element {
	return (
		<div class="export-beside">
			<ExportMenu of={of} />
		</div>
	);
}

async function figureOf(values: AttributedSide["heads"], title: string): Promise<string> {
	const { scoreGrid } = await import("headscope/figures");
	return scoreGrid({ values, title, measure: "logit", diverging: true });
}

import type { ComponentChildren, JSX } from "preact";
import type { AskedTokens } from "../../../service/work/metric-of.js";
import { AnswerField, answerOf } from "../../parts/answer-field.js";
import type { Sweep } from "./newest.js";
import type { Metric, SweepsState } from "./state.js";
import { type SweepProgress, SweepStatus } from "./sweep-status.js";

/** Milliseconds that texts and settings must stay before a sweep begins anew. */
export const WAIT = 400;

/** What each sweep's panel is given. */
export interface SweepProps {
	readonly state: SweepsState;
	readonly change: (next: Partial<SweepsState>) => void;
}

export interface SweepPanelProps extends SweepProps {
	readonly label: string;
	/** What is swept, in fields. */
	readonly settings: ComponentChildren;
	readonly sweep: Sweep<SweepProgress>;
	/** Why there is nothing to run; empty where there is. */
	readonly missing?: string;
	/** Above the settings. */
	readonly above?: ComponentChildren;
	/** What was found. */
	readonly children: ComponentChildren;
}

/** A sweep: its settings, how far it is, and what it found. */
export function SweepPanel(props: SweepPanelProps): JSX.Element {
	const { label, state, change, settings, sweep, missing = "", above, children } = props;
	return (
		<section class="sweep" aria-label={label}>
			{above}
			<div class="settings">{settings}</div>
			<SweepStatus
				live={state.live}
				busy={sweep.busy}
				progress={sweep.progress}
				problem={missing === "" ? sweep.problem : ""}
				missing={missing}
				onLive={(live) => change({ live })}
			/>
			{children}
		</section>
	);
}

export interface MetricTokensProps extends SweepProps {
	readonly metric: Metric;
	/** What the newest run asked about. */
	readonly used: AskedTokens | undefined;
	readonly label: string;
	/** What is taken where a field is empty: of the token, and of the one that is subtracted. */
	readonly otherwise: readonly [answer: string, wrong: string];
}

/** The tokens that a metric asks about: none of losses. */
export function MetricTokens(props: MetricTokensProps): JSX.Element {
	const { state, change, metric, used, label, otherwise } = props;
	const difference = metric === "logit-difference";
	return (
		<>
			{(difference || metric === "log-probability") && (
				<AnswerField
					label={label}
					value={state.answers}
					otherwise={otherwise[0]}
					used={used?.answers}
					onChange={(answers) => change({ answers })}
				/>
			)}
			{difference && (
				<AnswerField
					label="minus"
					value={state.wrong}
					otherwise={otherwise[1]}
					used={used?.wrong}
					onChange={(wrong) => change({ wrong })}
				/>
			)}
		</>
	);
}

/** What a sweep asks for about its metric. */
export function askedBy(
	metric: Metric,
	{ answers, wrong }: SweepsState,
): {
	readonly metric: Metric;
	readonly answers?: string | number;
	readonly wrong?: string | number;
} {
	const [answer, other] = [answerOf(answers), answerOf(wrong)];
	const difference = metric === "logit-difference";
	return {
		metric,
		...((difference || metric === "log-probability") && answer !== undefined && { answers: answer }),
		...(difference && other !== undefined && { wrong: other }),
	};
}

/** "0", "1", ... */
export function numbered(count: number): string[] {
	return Array.from({ length: count }, (_, i) => String(i));
}

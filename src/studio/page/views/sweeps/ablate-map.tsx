import type { JSX } from "preact";
import type { ModelInfo } from "../../../service/methods/open.js";
import type { HeadSweep } from "../../../service/work/sweep-heads.js";
import { signedNumber } from "../../draw/numbers.js";
import { HeatMap } from "../../parts/heat-map.js";
import type { Ablation } from "./state.js";
import { numbered } from "./sweep-panel.js";

export interface AblateMapProps {
	readonly shown: HeadSweep | undefined;
	readonly kind: Ablation;
	readonly metric: string;
	readonly info: ModelInfo | undefined;
	readonly marked: (layer: number, head: number) => boolean;
	readonly onPick: (layer: number, head: number) => void;
	readonly code?: () => string;
}

/** What picking a cell does to its head. */
const ACTIONS: Readonly<Record<Ablation, string>> = {
	zero: "zero-ablates this head",
	mean: "mean-ablates this head",
	resample: "resample-ablates this head",
	"frozen-patterns": "zero-ablates this head with later patterns frozen",
};

/** What ablating each head changed. */
export function AblateMap(props: AblateMapProps): JSX.Element {
	const { shown, kind, metric, info, marked, onPick, code } = props;
	const [layers = 1, heads = 1] = shown?.change.shape ?? [info?.nLayers, info?.nHeads];
	return (
		<HeatMap
			title={`${titleOf(kind)}${shown ? `: ${tokenOf(shown)}` : ""}`}
			values={shown?.change.data ?? new Float64Array(layers * heads).fill(Number.NaN)}
			rows={{ title: "layer", labels: numbered(layers) }}
			columns={{ title: "head", labels: numbered(heads) }}
			measure={measureOf(shown, metric)}
			detail={(layer, head) => detailOf(shown, layer, head)}
			marked={marked}
			action={`${ACTIONS[kind]} in every view`}
			onPick={onPick}
			exports={{
				name: `ablate-heads-${kind}`,
				...(shown && shown.done === shown.total && { svg: () => figureOf(shown, info?.ref ?? "") }),
				...(shown && { json: () => shown }),
				...(code && { code }),
			}}
		/>
	);
}

function titleOf(kind: string): string {
	return `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)} ablation of each head`;
}

/** What the metric is about: "king", "king − red", or the loss' name. */
function tokenOf({ metric, answers, wrong }: HeadSweep): string {
	const [answer, more] = answers;
	if (!answer || more) return metric;
	return wrong[0] ? `${metric}, ${answer.shown} − ${wrong[0].shown}` : `${metric} of ${answer.shown}`;
}

function measureOf(shown: HeadSweep | undefined, metric: string): string {
	const name = shown?.metric ?? metric;
	const unit = name === "logit-difference" ? "" : ", nats";
	if (!shown || Number.isNaN(shown.before)) return `change of ${name}${unit}`;
	const from = shown.base > 0 ? `with ${shown.base} change${shown.base === 1 ? "" : "s"}` : "unchanged";
	return `change of ${name}${unit} (${from}: ${signedNumber(shown.before)})`;
}

function detailOf(shown: HeadSweep | undefined, layer: number, head: number): string {
	const cell = shown?.cells.find((one) => one.head === `${layer}.${head}`);
	if (!cell) return "";
	const interval = Number.isNaN(cell.low)
		? ""
		: `; 95 % interval over ${shown?.rows} rows ${signedNumber(cell.low)} to ${signedNumber(cell.high)}`;
	return `${signedNumber(cell.before)} becomes ${signedNumber(cell.after)}${interval}`;
}

async function figureOf({ change, kind, metric }: HeadSweep, model: string): Promise<string> {
	const { scoreGrid } = await import("headscope/figures");
	return scoreGrid({
		values: change,
		title: `${kind} ablation of ${model}`,
		measure: `change of ${metric}`,
		diverging: true,
	});
}

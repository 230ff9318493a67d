import type { JSX } from "preact";
import type { PatchSweep as Patches } from "../../../service/work/sweep-patch.js";
import { percent, roundUp, signedNumber } from "../../draw/numbers.js";
import { HeatMap } from "../../parts/heat-map.js";
import { type CellChanges, patchCell } from "./apply-cell.js";
import { numbered } from "./sweep-panel.js";

export interface PatchMapsProps {
	readonly shown: Patches;
	readonly model: string;
	readonly code: () => string;
	readonly isMarked: (cell: CellChanges) => boolean;
	readonly onPick: (cell: CellChanges) => void;
}

/** What patching measures, with the estimate beside it in the same colours. */
export function PatchMaps({ shown, model, code, isMarked, onPick }: PatchMapsProps): JSX.Element {
	const { effects, estimate, at, across, position, tokens, agreement } = shown;
	const [layers = 0, count = 0] = effects.shape;
	const rows = { title: "layer", labels: numbered(layers) };
	const columns =
		across === "pos"
			? { title: "position", labels: tokens.corrupt.map((token) => token.shown) }
			: { title: across === "head" ? "head" : "kv head", labels: numbered(count) };
	const most = roundUp(
		Math.max(1, ...[...effects.data, ...estimate.data].filter((value) => !Number.isNaN(value)).map(Math.abs)),
	);
	const where = position === undefined ? "" : ` at position ${position}`;
	const effectOf = (layer: number, column: number): number => effects.data[layer * count + column] as number;
	const estimateOf = (layer: number, column: number): number =>
		estimate.data[layer * count + column] as number;
	const shared = { rows, columns, most };
	const exports = (name: string, values: Patches["effects"], whole: boolean) => ({
		name: `${name}-${at}`,
		...(whole && {
			svg: () => figureOf(values, { title: `${name} of ${at}${where}, ${model}`, rows, columns }),
		}),
		json: () => shown,
		code,
	});
	return (
		<>
			<div class="beside">
				<HeatMap
					{...shared}
					title={`Patching ${at}${where}`}
					values={effects.data}
					measure={`share of the clean ${shown.metric} brought back (corrupted ${signedNumber(shown.corrupt)}, clean ${signedNumber(shown.clean)})`}
					detail={(layer, column) => `estimated ${signedNumber(estimateOf(layer, column))}`}
					marked={(layer, column) => isMarked(patchCell(shown, layer, column))}
					action="applies this patch in every view"
					onPick={(layer, column) => onPick(patchCell(shown, layer, column))}
					exports={exports("patching", effects, shown.done === shown.total)}
				/>
				<HeatMap
					{...shared}
					title="Attribution patching, an estimate"
					values={estimate.data}
					measure={`estimated share, from one run forwards and one backwards`}
					detail={(layer, column) => {
						const measured = effectOf(layer, column);
						return Number.isNaN(measured) ? "" : `measured ${signedNumber(measured)}`;
					}}
					exports={exports("attribution", estimate, true)}
				/>
			</div>
			<p class="agreement">{agreement ? agreementText(agreement) : "\u00a0"}</p>
		</>
	);
}

function agreementText({ pearson, spearman, sameSign, compared }: NonNullable<Patches["agreement"]>): string {
	const correlation = [pearson, spearman].map((one) => one.toFixed(3).replace("-", "−")).join(", of ranks ");
	const share = Number.isNaN(sameSign) ? "" : `; the same sign in ${percent(sameSign)} of ${compared} cells`;
	return `Estimate and measurement: correlation ${correlation}${share}.`;
}

interface FigureFacts {
	readonly title: string;
	readonly rows: { readonly title: string; readonly labels: readonly string[] };
	readonly columns: { readonly title: string; readonly labels: readonly string[] };
}

async function figureOf(values: Patches["effects"], { title, rows, columns }: FigureFacts): Promise<string> {
	const { matrixFigure, valueRange } = await import("headscope/figures");
	const most = Math.max(...valueRange([values]).map(Math.abs));
	return matrixFigure({ values, title, rows, columns, measure: "effect", range: [-most, most] });
}

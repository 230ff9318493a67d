import type { JSX } from "preact";
import type { Activation } from "../../../service/regression/activation.js";
import type { RunInfo } from "../../../service/regression/run-info.js";
import { ExportMenu } from "../../parts/export-menu.js";
import { useCall } from "../../parts/use-call.js";
import { activationExports } from "./activation-exports.js";
import { LocationTree } from "./location-tree.js";
import { MatrixMap } from "./matrix-map.js";
import { type ChangeState, type RegressionState, requestOf } from "./regression-state.js";
import { useUnderway } from "./use-underway.js";

/** Milliseconds that the slider must rest: patterns and predictions come first. */
const REST = 30;

export interface ActivationBrowserProps {
	readonly state: RegressionState;
	readonly change: ChangeState;
	readonly info: RunInfo;
	readonly sample: number;
}

/** Every activation of the run on the sequence: a list of places, and the chosen one as heat maps. */
export function ActivationBrowser({ state, change, info, sample }: ActivationBrowserProps): JSX.Element {
	const { location } = state;
	const ready = info.label === state.run;
	const request = { ...requestOf(state), location, sample };
	const call = useCall("regressionActivation", ready ? request : undefined, REST);
	const underway = useUnderway(request, call.busy.value) && call.problem.value === "";
	const found = call.result.value;
	const wide = (found?.panels[0]?.length ?? 0) > 1;
	return (
		<section class="activations" aria-label="Activations" data-busy={underway ? "yes" : "no"}>
			<div class="panel-head">
				<h2>Activations</h2>
				{found && <ExportMenu of={activationExports(found, state)} />}
			</div>
			<div class="activation-layout">
				<LocationTree
					locations={info.locations}
					chosen={location}
					onChoose={(name) => change({ location: name })}
				/>
				<div class="activation-maps">
					{call.problem.value && <p class="problem">{call.problem.value}</p>}
					{found && (
						<>
							<h3>{found.title}</h3>
							{found.panels.map((row, r) => (
								<div class={wide ? "map-row several" : "map-row"} key={r}>
									{row.map((panel) => (
										<MatrixMap
											key={panel.title}
											title={panel.title || found.title}
											values={panel.values.data}
											shape={panel.values.shape as [number, number]}
											rows={panel.rows}
											columns={panel.columns}
											range={panel.range}
											measure={measureOf(found)}
											// a column's panels have the same colours
											plain={r < found.panels.length - 1}
										/>
									))}
								</div>
							))}
						</>
					)}
				</div>
			</div>
		</section>
	);
}

function measureOf({ title }: Activation): string {
	if (title === "x" || title === "x.T") return "x";
	if (title === "y" || title === "y.T") return "y";
	return "activation";
}

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Measured } from "../../../service/work/measure.js";
import { toExperiment } from "../../scene/to-experiment.js";
import { type Studio, useStudio } from "../../studio.js";
import { refusals } from "../changes/edit-changes.js";
import { ExportMenu } from "../export-menu.js";

/** The experiment as a file that `headscope run` carries out, and its results as tables. */
export function ExperimentButtons({ measured }: { measured: readonly Measured[] }): JSX.Element {
	const studio = useStudio();
	const [said, setSaid] = useState("");
	const act = (work: (text: string) => Promise<string>): void => {
		experimentText(studio)
			.then(work)
			.then(setSaid, (error: unknown) => setSaid(error instanceof Error ? error.message : String(error)));
	};
	return (
		<div class="experiment-buttons">
			<button
				type="button"
				onClick={() =>
					act(async (text) => {
						const { copyText } = await import("../share/copy-text.js");
						return (await copyText(text)) ? "Copied" : "The browser does not let this page copy";
					})
				}
			>
				Copy as experiment
			</button>
			<button
				type="button"
				onClick={() =>
					act(async (text) => {
						const { saveFile } = await import("../share/files.js");
						saveFile("experiment.json", text, "application/json");
						return "Saved experiment.json; headscope run experiment.json carries it out";
					})
				}
			>
				Save as experiment
			</button>
			<ExportMenu
				of={{
					name: "outcome",
					csv: () => rows(measured),
					json: () => results(measured),
					code: async () => (await import("./outcome-code.js")).outcomeCode(fitting(studio, measured)),
				}}
			/>
			<span class="quiet" role="status">
				{said}
			</span>
		</div>
	);
}

/** What is shown as an experiment; changes that the engine left out are left out there too. */
function experimentOf(studio: Studio): Record<string, unknown> {
	const scene = studio.scene.peek();
	const refused = refusals(studio);
	const changes = scene.changes.filter(({ data }) => !refused.has(JSON.stringify(data)));
	return toExperiment({ ...scene, changes });
}

/** The same without the metrics that do not fit. */
function fitting(studio: Studio, measured: readonly Measured[]): Record<string, unknown> {
	const fit = measured.flatMap(({ asked, result }) => (result ? [asked] : []));
	return { ...experimentOf(studio), ...(fit.length > 0 && { metrics: fit }) };
}

/** The experiment's text. */
async function experimentText(studio: Studio): Promise<string> {
	return studio.connection.call("writeExperiment", { data: experimentOf(studio), format: "json" });
}

function results(measured: readonly Measured[]): unknown {
	return measured.map(({ asked, result, problem }) => ({
		metric: asked,
		...result,
		...(problem && { problem }),
	}));
}

function rows(measured: readonly Measured[]): (string | number)[][] {
	const head = ["metric", "rows", "before", "after", "change", "relative", "low", "high"];
	return [
		head,
		...measured.flatMap(({ result }) => {
			if (!result) return [];
			const { metric, before, after, change, relative, low, high } = result;
			return [[metric, result.rows, before, after, change, relative, low, high]];
		}),
	];
}

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
			<ExportMenu of={{ name: "outcome", csv: () => rows(measured), json: () => results(measured) }} />
			<span class="quiet" role="status">
				{said}
			</span>
		</div>
	);
}

/** What is shown as the text of an experiment; changes that the engine left out are left out there too. */
async function experimentText(studio: Studio): Promise<string> {
	const scene = studio.scene.peek();
	const refused = refusals(studio);
	const changes = scene.changes.filter(({ data }) => !refused.has(JSON.stringify(data)));
	const data = toExperiment({ ...scene, changes });
	return studio.connection.call("writeExperiment", { data, format: "json" });
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

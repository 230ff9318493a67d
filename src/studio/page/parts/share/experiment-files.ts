import { fromExperiment } from "../../scene/from-experiment.js";
import { toExperiment } from "../../scene/to-experiment.js";
import type { Studio } from "../../studio.js";
import { saveFile } from "./files.js";

/** Longest file that is read, in bytes: what experiments allow, and room for letters of several bytes. */
const MOST_BYTES = 2 ** 24;

/** Saves the scene as an experiment file. @returns what to say */
export async function saveExperiment(studio: Studio, format: "yaml" | "json"): Promise<string> {
	const data = toExperiment(studio.scene.peek());
	const text = await studio.connection.call("writeExperiment", { data, format });
	const name = `experiment.${format}`;
	saveFile(name, text, format === "json" ? "application/json" : "application/yaml");
	return `Saved ${name}; headscope run ${name} carries it out`;
}

/** Opens an experiment file; what is wrong with it is told above the view, and the scene stays. */
export async function openExperiment(studio: Studio, file: File): Promise<void> {
	try {
		if (file.size > MOST_BYTES)
			throw new Error(`${file.name}: ${file.size} bytes, an experiment has at most ${MOST_BYTES}`);
		const data = await studio.connection.call("readExperiment", { text: await file.text(), name: file.name });
		const { scene, notes } = fromExperiment(data, studio.scene.peek());
		studio.edit(scene, "experiment");
		studio.notices.value = notes.map((note) => `${file.name}: ${note}`);
	} catch (error) {
		const message = error instanceof Error ? error.message : String(error);
		studio.notices.value = [message.startsWith(file.name) ? message : `${file.name}: ${message}`];
	}
}

import { experimentPart } from "./experiment-part.js";
import type { Scene } from "./scene.js";

/**
 * A scene as an experiment file's data: what `headscope run` carries out and the page opens. Changes that are switched
 * off are left out, and donors that none of the others takes.
 */
export function toExperiment(scene: Scene): Record<string, unknown> {
	const { model, prompts, bos, changes, donors } = scene;
	const { title, metrics, bootstrap, rows } = experimentPart(scene);
	const interventions = changes.filter(({ on }) => on).map(({ data }) => data);
	const taken = new Set(interventions.map((one) => ("from" in one ? one.from : undefined)));
	const used = Object.fromEntries(Object.entries(donors).filter(([name]) => taken.has(name)));
	// an autoencoder is called by its folder
	const saes = Object.fromEntries(
		interventions.flatMap((one) => (one.kind === "sae" ? [[one.dictionary, one.dictionary] as const] : [])),
	);
	const asOpened = rows !== undefined && JSON.stringify(rows.beside) === JSON.stringify(prompts);
	return {
		...(title !== undefined && { title }),
		model,
		...(asOpened ? rows.given : { prompts }),
		...(bos !== null && !(asOpened && "ids" in rows.given) && { bos }),
		...(Object.keys(used).length > 0 && { donors: used }),
		...(Object.keys(saes).length > 0 && { dictionaries: saes }),
		...(interventions.length > 0 && { interventions }),
		metrics,
		...(bootstrap && { bootstrap }),
	};
}

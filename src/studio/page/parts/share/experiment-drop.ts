import type { DropHandler } from "../drop.js";

/** An experiment file: one of YAML or JSON that is no part of a model. */
export const experimentDrop: DropHandler = {
	accepts: (files) => files.length === 1 && /\.(ya?ml|json)$/i.test(files[0]?.name ?? ""),
	take: (studio, [file]) => {
		if (file) void import("./experiment-files.js").then(({ openExperiment }) => openExperiment(studio, file));
	},
};

import { expect, test } from "vitest";
import { ExperimentError } from "./errors.js";
import { parseExperiment } from "./parse-experiment.js";

const about = (rest: string): string => `model: demo\nprompts: red fox\n${rest}`;

test.each<[string, string, ExperimentError["path"]]>([
	[
		"an intervention",
		about('interventions: [{kind: zero, heads: ["0.1"]}, {kind: wipe}]\nmetrics: [loss]'),
		["interventions", 1, "kind"],
	],
	["a metric", about("metrics: [loss, los]"), ["metrics", 1]],
	["a donor that names no rows", about('donors: {"a.b": {}}\nmetrics: [loss]'), ["donors", "a.b"]],
	[
		"a donor that is not there",
		about('interventions: [{kind: patch, heads: ["0.1"], from: other}]\nmetrics: [loss]'),
		["interventions", 0, "from"],
	],
	["an autoencoder that is no name", about("dictionaries: {a: 7}\nmetrics: [loss]"), ["dictionaries", "a"]],
	["text that is no YAML", "model: [demo", undefined],
])("an error about %s says which part of the data it is about", (_, text, path) => {
	const error = (() => {
		try {
			return parseExperiment(text);
		} catch (thrown) {
			return thrown;
		}
	})();
	expect(error).toBeInstanceOf(ExperimentError);
	expect((error as ExperimentError).path).toEqual(path);
});

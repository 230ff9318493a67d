import { fromAddress, toAddress } from "../../src/studio/page/scene/address.js";
import { FIRST_SCENE } from "../../src/studio/page/scene/scene.js";
import { toExperiment } from "../../src/studio/page/scene/to-experiment.js";
import { checkLine, type Target } from "../target.js";
import { type Json, textOf, utf8, variations } from "../variations.js";

/** The part of the studio's address behind "#". Nothing there is refused: it is told, and the rest is shown. */
export const address: Target = {
	sources: ["address", "scene", "to-experiment", "experiment-part"].map(
		(file) => `src/studio/page/scene/${file}.ts`,
	),
	refusals: [],
	read(input) {
		const { scene, problems } = fromAddress(textOf(input));
		for (const problem of problems) checkLine(problem);
		const again = fromAddress(toAddress(scene));
		if (again.problems.length > 0)
			throw new Error(`its own address has problems: ${again.problems.join("; ")}`);
		if (JSON.stringify(again.scene) !== JSON.stringify(scene))
			throw new Error("another scene from its own address");
		return { scene, experiment: toExperiment(scene) };
	},
	*seeds() {
		for (const [key, value] of Object.entries(SCENE))
			for (const other of variations(value as Json))
				yield utf8(
					`#v=1&${key}=${encodeURIComponent(typeof other === "string" ? other : JSON.stringify(other))}`,
				);
		yield utf8(toAddress({ ...FIRST_SCENE, ...SCENE } as never));
		for (const text of TEXTS) yield utf8(text);
	},
};

/** A scene that differs from the first in every part. */
const SCENE = {
	model: "demo-llama",
	prompts: ["a b", "c"],
	bos: true,
	changes: [
		{ on: true, data: { kind: "patch", from: "other" }, note: "a note" },
		{ on: false, data: { kind: "zero", heads: ["0.1"] } },
	],
	donors: { other: { prompts: ["x"], ids: [[1, 2]], bos: false }, same: "unchanged" },
	view: "circuits",
	head: "1.3",
	pins: ["0.1", "1.0"],
	score: "copying",
	order: "score",
	scale: "log",
	weighting: "value",
	token: 3,
	views: {
		experiment: {
			title: "one",
			metrics: ["loss", { kind: "loss" }],
			bootstrap: { seed: 1 },
			rows: { beside: ["red fox moon bread king red fox moon bread"], given: { ids: [[1, 2]] } },
		},
		circuits: { kind: "qk" },
	},
};

const TEXTS = [
	"",
	"#",
	"#v=2&model=demo",
	"#v=1&unknown=1&a=1&b=2&c=3&d=4&e=5&f=6&g=7",
	"#v=1&__proto__=1&constructor=2&hasOwnProperty=3",
	"#v=1&views=%7B%22__proto__%22%3A%7B%22a%22%3A1%7D%7D",
	`#v=1&views=${"[".repeat(3000)}`,
	`#v=1&views={"a":${"[".repeat(70)}${"]".repeat(70)}}`,
	"#v=1&prompts=[%22%ff%22]",
	"#v=1&model=%",
	"#v=1&bos=nul",
	"#v=%0a&%0a=1&head=%0a",
	`#v=1&${"x".repeat(200)}=1`,
];

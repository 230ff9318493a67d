// Prints the tables of docs/in-context-learning.md on the heads of the runs that come with the package, after a
// build: the last checkpoints of all, then every checkpoint of each.
//
//   node scripts/heads-of-runs.mjs

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const RUNS = ["M=1", "M=4", "M=64", "M=65536"];
const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const run = (...words) =>
	JSON.parse(execFileSync(process.execPath, [cli, ...words, "--json", "--quiet"], { encoding: "utf8" }));
const three = (value) =>
	value === undefined
		? ""
		: value
				.toFixed(3)
				.replace(/^-0\.000$/, "0.000")
				.replace("-", "−");
const print = (titles, rows) => {
	const line = (cells) => `| ${cells.join(" | ")} |`;
	console.log([line(titles), line(titles.map(() => "---")), ...rows.map(line), ""].join("\n"));
};

/** The first head of a ranking: `0.128 (1.1)`. */
const best = ({ head, lift, score }) => `${three(lift ?? score)} (${head})`;

print(
	[
		"run",
		"step",
		"best induction head",
		"score",
		"control",
		"lift",
		"95 % interval",
		"best previous-token (head)",
		"best duplicate-token lift (head)",
	],
	RUNS.map((ref) => {
		const { ranking, run: about } = run("induction", ref);
		const { head, score, control, lift, low, high } = ranking[0];
		const others = ["previous-token", "duplicate-token"].map((name) => best(about.scores[name].ranking[0]));
		const interval = `${three(low)} to ${three(high)}`;
		return [ref, about.step, head, three(score), three(control), three(lift), interval, ...others];
	}),
);
for (const ref of RUNS) {
	const { steps, scores } = run("phase", ref);
	const columns = Object.entries(scores);
	const titles = columns.map(([name, { control }]) => `${name}${control ? " lift" : ""} (head)`);
	print(
		[`${ref}, step`, ...titles],
		steps.map((step, i) => [step, ...columns.map(([, score]) => best(score.best[i]))]),
	);
}

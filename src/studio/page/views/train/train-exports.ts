import type { TrainSettings } from "../../../service/training/recipe.js";
import type { TrainFrame, TrainScore } from "../../../service/training/training.js";
import type { Exports } from "../../parts/export-menu.js";
import { headNames, scoreOf, tableOf } from "./train-numbers.js";
import type { TrainRun } from "./train-run.js";

/** What a training can be saved as. */
export function exportsOf({ frames, losses }: TrainRun, settings: TrainSettings): Exports {
	return {
		name: `training-seed-${settings.seed}`,
		svg: () => figureOf(frames.peek(), losses.peek(), settings),
		csv: () => tableOf(frames.peek(), losses.peek()),
		json: () => ({
			settings,
			losses: losses.peek(),
			measured: frames.peek().map(({ step, scores }) => ({ step, scores })),
		}),
		code: () => codeOf(settings),
	};
}

async function figureOf(
	frames: readonly TrainFrame[],
	losses: readonly number[],
	settings: TrainSettings,
): Promise<string> {
	const { scoreOverSteps } = await import("headscope/figures");
	const panel = (score: TrainScore) => ({
		measure: score,
		lines: headNames(frames[0] as TrainFrame).map((name) => ({
			name,
			values: frames.map((frame) => scoreOf(frame, score, name)),
		})),
	});
	const last = losses.at(-1) ?? 0;
	return scoreOverSteps({
		title: `Training the demo recipe, seed ${settings.seed}`,
		steps: frames.map(({ step }) => step),
		panels: [
			panel("induction"),
			panel("previous-token"),
			{
				measure: "loss (nats)",
				lines: [{ name: "loss", values: frames.map(({ step }) => losses[step] ?? last) }],
			},
		],
	});
}

function codeOf({ seed, lr, batch, steps }: TrainSettings): string {
	return `import { readFile } from "node:fs/promises";
import { languageConfig, trainLanguage } from "headscope/train";

const recipe = new URL("assets/demo/training.json", import.meta.resolve("headscope/package.json"));
const { config } = JSON.parse(await readFile(recipe, "utf8"));
const run = languageConfig({
	...config,
	seed: ${seed},
	batch_size: ${batch},
	num_steps: ${steps},
	optimizer_config: { ...config.optimizer_config, lr: ${lr} },
	scheduler_config: { ...config.scheduler_config, max_lr: ${lr} },
});
const { weights } = await trainLanguage(run, {
	storages: [],
	projectDir: "",
	onStep: ({ step, loss }) => console.log(step, loss),
});
`;
}

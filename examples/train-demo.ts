/**
 * How the embedded models were made: a small transformer is trained to predict next tokens of random sequences
 * that repeat themselves, and nothing else. No part of the loss looks at attention: the induction heads form
 * because they make the predictions better.
 *
 *     node dist/examples/train-demo.js [demo|demo-llama] [SEED] [FOLDER] [--steps N]
 *
 * The settings are those of the model's training.json; --steps ends the training early. FOLDER (by default `trained`) becomes a model folder with
 * checkpoints: `headscope phase FOLDER --out phase.svg` draws how its heads formed. A run that is stopped goes on
 * from its last checkpoint when it is started again.
 */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadModel, writeSafetensors } from "headscope";
import { LocalStorage } from "headscope/node";
import { scoreHeads } from "headscope/scores";
import { languageConfig, trainLanguage } from "headscope/train";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { steps: { type: "string" } } });
const [name = "demo", seed = "0", folder = "trained"] = positionals;
const source = fileURLToPath(new URL(`assets/${name}/`, import.meta.resolve("headscope/package.json")));
const { config: recipe } = JSON.parse(await readFile(join(source, "training.json"), "utf8"));
const num_steps = values.steps === undefined ? recipe.num_steps : Number(values.steps);
const config = languageConfig({ ...recipe, num_steps, seed: Number(seed) });

await mkdir(folder, { recursive: true });
await writeFile(join(folder, "config.json"), JSON.stringify(config.model, null, "\t"));
for (const file of ["tokenizer.json", "tokenizer_config.json"]) {
	await copyFile(join(source, file), join(folder, file));
}
const { weights } = await trainLanguage(config, {
	storages: [new LocalStorage(folder)],
	projectDir: "",
	engineOptions: { threads: 1 },
	onStep: ({ step, loss }) => {
		if (step % 100 === 0) console.log(`step ${step}: loss ${loss.toFixed(3)}`);
	},
});
await writeFile(join(folder, "model.safetensors"), writeSafetensors(weights));

const model = await loadModel(folder);
for (const score of ["induction", "induction-repeat", "previous-token"]) {
	const [best] = (await scoreHeads(model, score)).ranking;
	console.log(`${score}: head ${best?.head} scores ${best?.score.toFixed(3)}`);
}
await model.dispose();

// Takes a trained model folder (examples/train-demo.ts) over as one of the package's: final weights, and some of
// its checkpoints in half precision and without the optimizer's vectors.
//
//   node scripts/pack-demo.mjs FOLDER demo|demo-llama STEP...

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const { readSafetensors, writeSafetensors } = await import(
	process.env.HEADSCOPE_DIST ?? new URL("../dist/index.js", import.meta.url).href
);
const [folder, name, ...steps] = process.argv.slice(2);
const target = fileURLToPath(new URL(`../assets/${name}`, import.meta.url));
const weightsAt = async (step) => {
	const path = `${folder}/checkpoints/${step}.safetensors`;
	const { tensors } = await readSafetensors(readFileSync(path), path);
	return new Map([...tensors].filter(([tensor]) => !tensor.startsWith("optimizer.")));
};
const last = steps
	.map(Number)
	.sort((a, b) => a - b)
	.at(-1);
rmSync(`${target}/checkpoints`, { recursive: true, force: true });
mkdirSync(`${target}/checkpoints`, { recursive: true });
writeFileSync(`${target}/model.safetensors`, writeSafetensors(await weightsAt(last), { format: "pt" }));
copyFileSync(`${folder}/config.json`, `${target}/config.json`);
for (const step of steps) {
	const file = writeSafetensors(await weightsAt(step), { format: "pt", step }, { half: true });
	writeFileSync(`${target}/checkpoints/${step}.safetensors`, file);
}

/** Trains the run whose settings come as an argument and prints each step, for a test that kills it. */
const [, , built, root, settings] = process.argv;
const { resolveConfig, trainRegression } = await import(new URL("dist/train/index.js", built).href);
const { LocalStorage } = await import(new URL("dist/train/local-storage-node.js", built).href);
await trainRegression(resolveConfig(JSON.parse(settings)), {
	storages: [new LocalStorage(root)],
	projectDir: "run",
	engineOptions: { threads: 1 },
	onStep: ({ step }) => process.stdout.write(`${step}\n`),
});

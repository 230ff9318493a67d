import { versionsHere } from "../../experiments/versions-node.js";
import { nodeHost } from "../../studio/server/host-node.js";
import { serveStudio } from "../../studio/server/serve-node.js";
import { writeStatic } from "../../studio/server/static-copy-node.js";
import type { Cli } from "../cli.js";
import type { StudioOptions } from "../commands/studio.js";
import { UsageError } from "../errors.js";

/** Serves the studio until Ctrl-C, or writes it for a static host. */
export async function studio(
	cli: Cli,
	models: readonly string[],
	{ port, out, sae = [] }: StudioOptions,
): Promise<void> {
	if (sae.length > 0 && models.length === 0)
		throw new UsageError(
			"--sae goes with a model that is computed here: headscope studio MODEL --sae FOLDER",
		);
	if (out !== undefined) {
		if (models.length > 0)
			throw new UsageError(`--out writes a page that computes by itself; leave ${models.join(", ")} out`);
		const folder = await writeStatic(out);
		return cli.result(
			() => ({ out: folder }),
			() => `${folder}: serve it from any static host`,
		);
	}
	await using server = await serveStudio({
		port,
		...(models.length > 0 && {
			host: nodeHost({ models, dictionaries: sae, versions: versionsHere(false) }),
		}),
	});
	const [first] = models;
	// the page begins with the model that was asked for
	const url = first === undefined ? server.url : `${server.url}#${new URLSearchParams({ model: first })}`;
	await cli.result(
		() => ({ url, models }),
		() => `headscope studio: ${url}\nCtrl-C ends it.`,
	);
	await new Promise<void>((resolve) => {
		if (cli.signal.aborted) resolve();
		else cli.signal.addEventListener("abort", () => resolve(), { once: true });
	});
}

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
	{ port, out }: StudioOptions,
): Promise<void> {
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
		...(models.length > 0 && { host: nodeHost({ models, versions: versionsHere(false) }) }),
	});
	await cli.result(
		() => ({ url: server.url, models }),
		() => `headscope studio: ${server.url}\nCtrl-C ends it.`,
	);
	await new Promise<void>((resolve) => {
		if (cli.signal.aborted) resolve();
		else cli.signal.addEventListener("abort", () => resolve(), { once: true });
	});
}

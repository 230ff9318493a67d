import { versionsHere } from "../../experiments/versions-node.js";
import { nodeHost } from "../../studio/server/host-node.js";
import { serveStudio } from "../../studio/server/serve-node.js";
import type { Cli } from "../cli.js";
import type { StudioOptions } from "../commands/studio.js";

/** Serves the studio until Ctrl-C. */
export async function studio(cli: Cli, models: readonly string[], { port }: StudioOptions): Promise<void> {
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

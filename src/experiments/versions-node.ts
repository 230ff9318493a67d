import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * What computes here (Node): headscope, Node, and the runtime that models run on.
 * @param wasm whether the WASM runtime was asked for
 */
export function versionsHere(wasm: boolean): Record<string, string> {
	const native = wasm || process.env.HEADSCOPE_RUNTIME === "wasm" ? undefined : versionOf("onnxruntime-node");
	const [runtime, version] =
		native === undefined
			? ["onnxruntime-web", versionOf("onnxruntime-web") ?? "unknown"]
			: ["onnxruntime-node", native];
	// src/experiments and dist/experiments lie at the same depth below package.json
	const own = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
	return {
		headscope: (JSON.parse(own) as { version: string }).version,
		[runtime as string]: version as string,
		node: process.versions.node,
	};
}

/** The version of an installed package; undefined where it is not there. */
function versionOf(name: string): string | undefined {
	try {
		const entry = require.resolve(name);
		const folder = entry.slice(0, entry.lastIndexOf(name) + name.length);
		return (JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as { version: string }).version;
	} catch {
		return undefined;
	}
}

import { createRequire } from "node:module";
import { dirname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Files that the studio is made of: addresses below its page, and where they lie. Nothing else is ever served. */
export interface StudioFiles {
	/** The file behind an address such as "/ort/x.wasm"; undefined where there is none. */
	find(path: string): string | undefined;
	/** Folders that a static copy is made of: name below the page's folder, and source. */
	readonly folders: readonly {
		readonly name: string;
		readonly source: string;
		readonly only?: readonly string[];
	}[];
}

/** What of ONNX Runtime Web a page loads. */
const RUNTIME_FILES = ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.asyncify"].flatMap((name) => [
	`${name}.mjs`,
	`${name}.wasm`,
]);

/** The files of the installed package. */
export function studioFiles(): StudioFiles {
	const packageFolder = fileURLToPath(new URL("../../../", import.meta.url));
	const runtime = dirname(
		createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"),
	);
	const folders = [
		{ name: "models/demo", source: join(packageFolder, "assets/demo") },
		{ name: "models/demo-llama", source: join(packageFolder, "assets/demo-llama") },
		{ name: "runs", source: join(packageFolder, "assets/runs") },
		{ name: "ort", source: runtime, only: RUNTIME_FILES },
		{ name: "", source: join(packageFolder, "dist/studio/page") },
	];
	return {
		folders,
		find(path) {
			const name = path === "/" ? "index.html" : path.slice(1);
			const folder = folders.find((one) => one.name === "" || name.startsWith(`${one.name}/`));
			if (!folder) return undefined;
			const inside = folder.name === "" ? name : name.slice(folder.name.length + 1);
			if (folder.only && !folder.only.includes(inside)) return undefined;
			return within(folder.source, inside);
		},
	};
}

/** A file inside a folder; undefined for a name that leaves it. */
export function within(folder: string, name: string): string | undefined {
	if (name.includes("\0") || name.includes("\\")) return undefined;
	const path = normalize(join(folder, name));
	return path.startsWith(folder.endsWith(sep) ? folder : folder + sep) ? path : undefined;
}

/** Runs every op's examples in the page on one provider and compares with the host's kernels. */
import { evaluate } from "../../../src/graph/evaluate.js";
import { OPS } from "../../../src/graph/ops/index.js";
import { compile } from "../../../src/onnx/compile.js";
import { createEngine, type EngineOptions } from "../../../src/runtime/index.js";
import { difference, type Tensor } from "../../../src/tensor/index.js";
import { feedsOf, SIZES, titleOf, traceExample } from "../../conformance/ops-cases.js";

/** What became of one example. */
export interface Outcome {
	readonly op: string;
	readonly example: string;
	readonly symbolic: boolean;
	/** max |got - host| / max(1, max |host|), or the error. */
	readonly difference: number | string;
}

interface Report {
	readonly provider: "wasm" | "webgpu";
	readonly isolated: boolean;
	readonly outcomes: readonly Outcome[];
}

export type RunOps = (options: EngineOptions) => Promise<Report>;

const runOps: RunOps = async (options) => {
	const engine = await createEngine(options);
	const outcomes: Outcome[] = [];
	for (const op of OPS) {
		for (const [i, example] of op.examples.entries()) {
			for (const symbolic of [false, true]) {
				const { graph } = traceExample(op, example, symbolic ? undefined : SIZES);
				const feeds = feedsOf(example, SIZES);
				let worst: number | string = 0;
				try {
					const got = await engine.run({ program: compile(graph, engine.provider), feeds });
					for (const [name, expected] of evaluate(graph, feeds)) {
						const { maxAbs, scale } = difference(got.get(name) as Tensor, expected);
						worst = Math.max(worst, maxAbs / Math.max(1, scale));
					}
				} catch (error) {
					worst = String(error).slice(0, 400);
				}
				outcomes.push({ op: op.name, example: titleOf(example, i), symbolic, difference: worst });
			}
		}
	}
	await engine.dispose();
	return { provider: engine.provider as Report["provider"], isolated: crossOriginIsolated, outcomes };
};

/** An example that a provider has no kernel for, and what became of it there; null where it ran. */
interface Forced {
	readonly op: string;
	readonly example: string;
	readonly error: string | null;
}

export type ForceOps = (provider: "webgpu") => Promise<readonly Forced[]>;

/** Runs what the compiler refuses for a provider for want of a kernel, compiled for WASM, on that provider. */
const forceOps: ForceOps = async (provider) => {
	const engine = await createEngine({ provider });
	const forced: Forced[] = [];
	for (const op of OPS) {
		for (const [i, example] of op.examples.entries()) {
			const { graph } = traceExample(op, example, SIZES);
			if (!/there is no kernel/.test(refusal(graph, provider))) continue;
			const run = engine.run({ program: compile(graph, "wasm"), feeds: feedsOf(example, SIZES) });
			const error = await run.then(() => null, String);
			forced.push({ op: op.name, example: titleOf(example, i), error });
		}
	}
	await engine.dispose();
	return forced;
};

/** Why a graph is not compiled for a provider. */
function refusal(graph: Parameters<typeof compile>[0], provider: "webgpu"): string {
	try {
		compile(graph, provider);
		return "";
	} catch (error) {
		return String(error);
	}
}

Object.assign(globalThis, { runOps, forceOps });

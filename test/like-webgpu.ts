import type { Engine } from "headscope";
import { expect } from "vitest";

/**
 * An engine that says it is WebGPU and has the processor run what is compiled for it, which is plain ONNX. Programs must be
 * made for the very extents that they are fed: a graphics card computes none.
 * @param onRun told of each run
 */
export function likeWebGpu(engine: Engine, onRun: () => void = () => {}): Engine {
	return {
		provider: "webgpu",
		loadWeights: (...given) => engine.loadWeights(...given),
		putWeights: (...given) => engine.putWeights(...given),
		readWeight: (...given) => engine.readWeight(...given),
		freeWeights: (...given) => engine.freeWeights(...given),
		run(request, options) {
			const { key, feeds, outputs } = request.program;
			expect(key).toMatch(/^webgpu\n/);
			const extents = [...feeds, ...outputs].flatMap(({ shape }) => shape);
			expect(extents.filter((extent) => typeof extent !== "number")).toEqual([]);
			onRun();
			return engine.run(request, options);
		},
		dispose: () => engine.dispose(),
		[Symbol.asyncDispose]: () => engine.dispose(),
	};
}

import type { Emitter } from "../op.js";
import type { Node } from "../value.js";

/** Refuses bools where WebGPU moves numbers only: an error now, not a detour over the CPU later. */
export function refuseBoolOnWebGpu(emit: Emitter, node: Pick<Node, "inputs">): void {
	if (emit.provider === "webgpu" && node.inputs[0]?.dtype === "bool") {
		throw new TypeError("there is no kernel for bool; cast to float32 first");
	}
}

/** The traced graph: values, the functions over them, gradients, printing, and running one on the host. */
export type { Dim } from "./dim.js";
export { evaluate } from "./evaluate.js";
export { grad, vjp } from "./grad.js";
export { type Graph, graphOf } from "./graph.js";
export type { Example, Op, Provider } from "./op.js";
export * as ops from "./ops/index.js";
export { printGraph } from "./print.js";
export { simplify } from "./simplify.js";
export { specialize } from "./specialize.js";
export {
	type G,
	type HookFn,
	type HookSite,
	type ModuleFn,
	type ModuleNode,
	Trace,
	type TraceOptions,
} from "./trace.js";
export { type Node, type TensorType, Value } from "./value.js";

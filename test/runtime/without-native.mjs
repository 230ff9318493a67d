/** `node --import` of this file makes a process in which onnxruntime-node is not installed. */
import { register } from "node:module";

const hooks = `
	export async function resolve(specifier, context, next) {
		if (specifier === "onnxruntime-node") throw new Error("onnxruntime-node is not installed");
		return next(specifier, context);
	}
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

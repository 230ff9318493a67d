import type { Value } from "../../graph/value.js";
import type { Optimizer } from "./optimizer.js";

export const sgd: Optimizer = {
	name: "SGD",
	doc: "b <- momentum b + g; p <- p - lr b, without Nesterov's look ahead (as torch; Sutskever et al. 2013); weight decay is added to g.",
	state: ["momentum_buffer"],
	scalars: (_, _t, lr) => ({ lr }),
	update: (g, { momentum = 0, weight_decay: decay }, { p, grad, state }, { lr }) => {
		const decayed = decay === 0 ? grad : g.add(grad, g.mul(p, decay));
		// the first buffer is the gradient, and so it is when it starts as zeros
		const buffer = momentum === 0 ? decayed : g.add(g.mul(state.momentum_buffer as Value, momentum), decayed);
		return { p: g.sub(p, g.mul(buffer, lr as Value)), state: { momentum_buffer: buffer } };
	},
};

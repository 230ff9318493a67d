import type { G } from "../../graph/trace.js";
import type { Value } from "../../graph/value.js";
import type { Named, Optimizer, OptimizerSettings } from "./optimizer.js";

/** torch's default, which no published run changes. */
const EPS = 1e-8;

const state = ["exp_avg", "exp_avg_sq"] as const;

function scalars({ betas: [b1, b2], weight_decay }: OptimizerSettings, t: number, lr: number): Named<number> {
	return { step_size: lr / (1 - b1 ** t), correction: Math.sqrt(1 - b2 ** t), shrink: 1 - lr * weight_decay };
}

/** The moments and the parameters after them, as torch rounds: the correction of v divides its root. */
function step(
	g: G,
	{ betas: [b1, b2] }: OptimizerSettings,
	p: Value,
	grad: Value,
	{ exp_avg: m, exp_avg_sq: v }: Named<Value>,
	{ step_size, correction }: Named<Value>,
): ReturnType<Optimizer["update"]> {
	const exp_avg = g.add(g.mul(m as Value, b1), g.mul(grad, 1 - b1));
	const exp_avg_sq = g.add(g.mul(v as Value, b2), g.mul(g.mul(grad, grad), 1 - b2));
	const root = g.add(g.div(g.sqrt(exp_avg_sq), correction as Value), EPS);
	return {
		p: g.sub(p, g.mul(g.div(exp_avg, root), step_size as Value)),
		state: { exp_avg, exp_avg_sq },
	};
}

export const adam: Optimizer = {
	name: "Adam",
	doc: "m <- b1 m + (1-b1) g; v <- b2 v + (1-b2) g^2; p <- p - lr m' / (sqrt(v') + eps), bias-corrected (Kingma and Ba 2015); weight decay is added to g.",
	state,
	scalars,
	update: (g, settings, { p, grad, state: moments }, numbers) => {
		const decay = settings.weight_decay;
		return step(g, settings, p, decay === 0 ? grad : g.add(grad, g.mul(p, decay)), moments, numbers);
	},
};

export const adamW: Optimizer = {
	name: "AdamW",
	doc: "Adam whose weight decay shrinks the parameters by 1 - lr decay before the update (Loshchilov and Hutter 2019).",
	state,
	scalars,
	update: (g, settings, { p, grad, state: moments }, numbers) => {
		const shrunk = settings.weight_decay === 0 ? p : g.mul(p, numbers.shrink as Value);
		return step(g, settings, shrunk, grad, moments, numbers);
	},
};

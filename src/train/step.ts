import { grad } from "../graph/grad.js";
import { graphOf } from "../graph/graph.js";
import type { Provider } from "../graph/op.js";
import * as ops from "../graph/ops/index.js";
import { simplify } from "../graph/simplify.js";
import { substitute } from "../graph/substitute.js";
import type { Value } from "../graph/value.js";
import { compile, type Program } from "../onnx/compile.js";
import { sizeOf } from "../tensor/index.js";
import { reject } from "./errors.js";
import type { Named, Optimizer, OptimizerSettings } from "./optimizers/index.js";

/** Names of a step's vectors in the engine: the parameters, then the optimizer's state under its own names. */
export const PARAMETERS = "parameters";
/** Name of the step's result: the loss before the update, a scalar. */
export const LOSS = "loss";

/** A parameter and its place in the flat vector. */
export interface Parameter {
	readonly name: string;
	readonly shape: readonly number[];
}

export interface StepOptions {
	/** A scalar that was computed from inputs of the role "weight" and from feeds, all of concrete extents. */
	readonly loss: Value;
	/** Every parameter, in the order of the flat vector; those that the loss does not read get zero gradients. */
	readonly parameters: readonly Parameter[];
	readonly optimizer: Optimizer;
	readonly settings: OptimizerSettings;
}

/** One update of the parameters as one program: forward, loss, backward and optimizer. */
export interface TrainingStep {
	readonly program: Program;
	/** Which outputs replace which vectors in the engine. */
	readonly update: Named<string>;
	/** Names of the vectors [parameter] that the engine keeps. */
	readonly vectors: readonly string[];
	/** Numbers in each of them. */
	readonly size: number;
}

/**
 * Compiles a training step. Parameters and the optimizer's state are flat vectors that stay in the engine
 * (`RunRequest.update`); what is fed is what the loss is fed, and the optimizer's scalars.
 * @throws {TrainError} where the loss reads a weight that is no parameter
 */
export function compileStep(options: StepOptions, provider?: Provider): TrainingStep {
	const { parameters, optimizer, settings } = options;
	// equal inputs become one value, whose gradient is then that of all its uses
	const loss = simplify(graphOf({ [LOSS]: options.loss })).outputs.get(LOSS) as Value;
	const read = new Map(
		graphOf({ [LOSS]: loss })
			.inputs.filter((v) => v.node.attributes.role === "weight")
			.map((v) => [v.node.attributes.name as string, v] as const),
	);
	for (const name of read.keys()) {
		if (!parameters.some((p) => p.name === name)) reject("training step", `weight "${name}" is no parameter`);
	}
	const sizes = parameters.map(({ shape }) => sizeOf(shape));
	const size = sizes.reduce((a, b) => a + b, 0);
	const flat = (name: string): Value => ops.weight(name, [size]);

	const gradients = grad(loss, [...read.values()]);
	const byName = new Map([...read.keys()].map((name, i) => [name, gradients[i] as Value]));
	const pieces = parameters.map(({ name }, i) => {
		const gradient = byName.get(name) ?? ops.expand(ops.constant(0), [sizes[i] as number]);
		return ops.reshape(gradient, [sizes[i] as number]);
	});
	const scalars = Object.fromEntries(
		Object.keys(optimizer.scalars(settings, 1, 1)).map((name) => [name, ops.input(name, "float32", [])]),
	);
	const p = flat(PARAMETERS);
	const state = Object.fromEntries(optimizer.state.map((name) => [name, flat(name)]));
	const next = optimizer.update(ops, settings, { p, grad: ops.concat(pieces, 0), state }, scalars);

	const vectors = [PARAMETERS, ...optimizer.state];
	const outputs = new Map([
		[LOSS, loss],
		...vectors.map((name) => [name, name === PARAMETERS ? next.p : (next.state[name] as Value)] as const),
	]);
	const slices = ops.split(p, 0, sizes);
	const replacements = new Map(
		parameters.flatMap(({ name, shape }, i) => {
			const weight = read.get(name);
			return weight ? [[weight, ops.reshape(slices[i] as Value, shape)] as const] : [];
		}),
	);
	const program = compile(graphOf(substitute(outputs, replacements)), provider);
	return { program, update: Object.fromEntries(vectors.map((name) => [name, name])), vectors, size };
}

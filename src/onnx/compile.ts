import { type Dim, dimTerms, formatShape, isSymbol } from "../graph/dim.js";
import type { Graph } from "../graph/graph.js";
import { holdBlocks } from "../graph/hold-blocks.js";
import { computesExtents, type Emitter, type OnnxAttribute, type Provider } from "../graph/op.js";
import { nameValues, printAttribute, printGraph } from "../graph/print.js";
import { simplify } from "../graph/simplify.js";
import type { Node, Value } from "../graph/value.js";
import { type BlockForm, type DType, Tensor } from "../tensor/index.js";
import {
	ELEMENT_TYPE,
	encodeModel,
	type OnnxAttributeValue,
	type OnnxNode,
	type OnnxValueInfo,
} from "./proto.js";

/** An input that is bound to a weight. */
export interface WeightInput extends OnnxValueInfo {
	/** The weight's own name. `name` counts weights by first use instead, so that equal layers are equal programs. */
	readonly weight: string;
}

/** A graph ready to be made into a session: plain data that can be posted to a worker. */
export interface Program {
	/** Equal keys mean equal programs, but for which weights they are bound to. */
	readonly key: string;
	/** A model without its weights' declarations, which the engine appends as it holds them. */
	readonly onnx: Uint8Array<ArrayBuffer>;
	/** Fed on every run. */
	readonly feeds: readonly OnnxValueInfo[];
	/** Bound from the model's weights. */
	readonly weights: readonly WeightInput[];
	readonly outputs: readonly OnnxValueInfo[];
}

/**
 * Compiles a graph to ONNX for a provider. Weights stay inputs, so that any number of programs share one copy.
 * @param forms weights that are held as blocks. Default none
 */
export function compile(
	traced: Graph,
	provider: Provider = "cpu",
	forms: ReadonlyMap<string, BlockForm> = new Map(),
): Program {
	const simple = simplify(traced);
	const graph = forms.size === 0 ? simple : simplify(holdBlocks(simple, forms));
	checkNames(graph);
	const writer = new ProgramWriter(graph, provider);
	const describe = (value: Value): OnnxValueInfo => ({
		name: value.node.attributes.name as string,
		dtype: value.dtype,
		shape: value.shape,
	});
	const feeds = graph.inputs.filter((v) => v.node.attributes.role === "feed").map(describe);
	const weights = weightsOf(graph).map(
		(v, i): WeightInput => ({
			...describe(v),
			name: weightName(i),
			weight: v.node.attributes.name as string,
		}),
	);
	const outputs = [...graph.outputs].map(([name, v]) => ({
		name: outputName(name),
		dtype: v.dtype,
		shape: v.shape,
	}));
	writer.writeNodes();
	const onnx = encodeModel({
		inputs: feeds,
		outputs,
		nodes: writer.nodes,
		initializers: writer.initializers,
	});
	const names = new Map(weightsOf(graph).map((v, i) => [v.node, weightName(i)]));
	return { key: `${provider}\n${printGraph(graph, names)}`, onnx, feeds, weights, outputs };
}

function weightsOf(graph: Graph): Value[] {
	return graph.inputs.filter((v) => v.node.attributes.role === "weight");
}

function weightName(i: number): string {
	return `${OWN}w${i}`;
}

/** Names of the compiler's own begin so; what is fed keeps its name. */
const OWN = "%";

/** Inputs are fed by name, so two of one name must be one input. */
function checkNames(graph: Graph): void {
	const types = new Map<string, Value>();
	for (const value of graph.inputs) {
		const name = value.node.attributes.name as string;
		const other = types.get(name);
		if (name.startsWith(OWN)) throw new TypeError(`compile: input "${name}" may not begin with ${OWN}`);
		if (other) throw new TypeError(`compile: input "${name}" is declared as ${other} and as ${value}`);
		types.set(name, value);
	}
}

/** Outputs have a prefix, since a graph may return an input under the input's own name. */
function outputName(name: string): string {
	return `${OWN}out:${name}`;
}

/** The name by which the caller knows an output of a program. */
export function callerName(output: OnnxValueInfo): string {
	return output.name.slice(outputName("").length);
}

class ProgramWriter implements Emitter {
	readonly nodes: OnnxNode[] = [];
	readonly initializers = new Map<string, Tensor>();
	private readonly names: Map<Value, string>;
	private temps = 0;
	/** Where each symbol can be read at run time: a feed and its axis. */
	private readonly symbols = new Map<string, { input: string; axis: number }>();
	private readonly extents = new Map<string, string>();
	private readonly shared = new Map<string, string>();

	constructor(
		private readonly graph: Graph,
		readonly provider: Provider,
	) {
		this.names = new Map([...nameValues(graph.nodes)].map(([value, name]) => [value, `${OWN}${name}`]));
		// the node that computes an output writes it under the output's name; only a second name costs a copy
		for (const [name, value] of graph.outputs) {
			if (!this.names.get(value)?.startsWith(outputName(""))) this.names.set(value, outputName(name));
		}
		const weights = weightsOf(graph);
		for (const value of graph.inputs) {
			const weight = weights.indexOf(value);
			const name = weight < 0 ? (value.node.attributes.name as string) : weightName(weight);
			this.names.set(value, name);
			for (const [axis, dim] of value.shape.entries()) {
				if (typeof dim !== "string" || !isSymbol(dim) || this.symbols.has(dim)) continue;
				this.symbols.set(dim, { input: name, axis });
			}
		}
	}

	writeNodes(): void {
		for (const node of inWritingOrder(this.graph)) {
			const inputs = node.inputs.map((v) => this.names.get(v) as string);
			const outputs = node.outputs.map((v) => this.names.get(v) as string);
			try {
				node.op.lower(this, node, inputs, outputs);
			} catch (error) {
				const operands = node.inputs.map(String).join(", ");
				const reason = (error as Error).message;
				throw new TypeError(
					`compile: ${node.op.name}(${operands}) cannot run on "${this.provider}": ${reason}`,
				);
			}
		}
		for (const [name, value] of this.graph.outputs) {
			const own = this.names.get(value) as string;
			if (own !== outputName(name)) this.node("Identity", [own], [outputName(name)]);
		}
	}

	node(
		type: string,
		inputs: readonly string[],
		outputs: readonly string[],
		attributes: Readonly<Record<string, OnnxAttribute>> = {},
		domain = "",
	): void {
		const encoded = Object.entries(attributes).map(([k, v]) => [k, encodeAttribute(v)] as const);
		this.nodes.push({ type, domain, inputs, outputs, attributes: new Map(encoded) });
	}

	temp(): string {
		return `${OWN}t${this.temps++}`;
	}

	constant(tensor: Tensor): string {
		const small = tensor.size <= 16 ? printAttribute(tensor) : undefined;
		const known = small && this.shared.get(small);
		if (known) return known;
		const name = `${OWN}c${this.initializers.size}`;
		this.initializers.set(name, tensor);
		if (small) this.shared.set(small, name);
		return name;
	}

	ints(values: readonly number[]): string {
		return this.constant(new Tensor("int64", [values.length], BigInt64Array.from(values, BigInt)));
	}

	shape(dims: readonly Dim[]): string {
		if (dims.every((d) => typeof d === "number")) return this.ints(dims as readonly number[]);
		if (!computesExtents(this.provider)) {
			throw new RangeError(
				`the extents ${formatShape(dims)} would be computed on the CPU; bind them with specialize() first`,
			);
		}
		const parts = dims.map((d) => this.extent(d));
		if (parts.length === 1) return parts[0] as string;
		const joined = this.temp();
		this.node("Concat", parts, [joined], { axis: 0 });
		return joined;
	}

	/** An extent as an int64 vector of one element. */
	private extent(dim: Dim): string {
		if (typeof dim === "number") return this.ints([dim]);
		const known = this.extents.get(dim);
		if (known) return known;
		const combine = (type: string, a: string | undefined, b: string): string => {
			if (a === undefined) return b;
			const out = this.temp();
			this.node(type, [a, b], [out]);
			return out;
		};
		let sum: string | undefined;
		for (const { symbols, coefficient } of dimTerms(dim)) {
			let term: string | undefined =
				coefficient === 1 && symbols.length > 0 ? undefined : this.ints([coefficient]);
			for (const symbol of symbols) term = combine("Mul", term, this.symbol(symbol));
			sum = combine("Add", sum, term as string);
		}
		this.extents.set(dim, sum as string);
		return sum as string;
	}

	private symbol(symbol: string): string {
		const at = this.symbols.get(symbol);
		if (!at)
			throw new RangeError(`compile: no input has an axis of extent "${symbol}", so nothing says what it is`);
		const key = `symbol ${symbol}`;
		const known = this.extents.get(key);
		if (known) return known;
		const out = this.temp();
		this.node("Shape", [at.input], [out], { start: at.axis, end: at.axis + 1 });
		this.extents.set(key, out);
		return out;
	}
}

/**
 * The nodes that compute something, in the order they are written. The runtime computes the operand of a node that was
 * written last first: so what takes weights apart and waits for no feed is written before all else, lest all the
 * layers' matrices are in memory as float32 before the first layer has run.
 */
function inWritingOrder({ nodes }: Graph): readonly Node[] {
	const computing = nodes.filter((node) => node.op.name !== "input");
	const isPacked = ({ attributes, outputs }: Node): boolean =>
		attributes.role === "weight" && outputs[0]?.dtype === "uint8";
	if (!nodes.some(isPacked)) return computing;
	const waiting = new Set<Node>();
	for (const node of nodes) {
		if (node.attributes.role === "feed" || node.inputs.some((v) => waiting.has(v.node))) waiting.add(node);
	}
	return [...computing.filter((n) => !waiting.has(n)), ...computing.filter((n) => waiting.has(n))];
}

function encodeAttribute(value: OnnxAttribute): OnnxAttributeValue {
	if (typeof value === "number") return { int: value };
	if (typeof value === "string") return { string: value };
	if ("float" in value) return value;
	if ("type" in value) return { int: ELEMENT_TYPE[value.type as DType] };
	return { ints: value };
}

import { type BlockForm, type PartType, partTypes } from "../tensor/index.js";
import { type Graph, graphOf } from "./graph.js";
import {
	add,
	cast,
	concat,
	gather,
	matmul,
	matmulBlocks,
	mul,
	reshape,
	slice,
	sub,
	sum,
	unsqueeze,
	weight,
} from "./ops/index.js";
import { apply, type Node, type Value } from "./value.js";

/** A weight [rows, columns] that is held as blocks, as values of the graph. */
interface Held {
	readonly form: BlockForm;
	readonly quants: Value;
	readonly scales: Value;
	readonly offsets: Value | undefined;
}

/**
 * Elements of a matrix that one product reads, 128 MB in float32: the runtime's kernel takes a matrix apart in memory
 * before it multiplies. Larger ones (unembeddings) are multiplied in pieces.
 */
const PIECE = 2 ** 25;

/**
 * The same computation with the weights in `forms` held as blocks. A product with the transposed matrix computes on the
 * blocks, a gather takes rows of blocks; whatever else reads such a weight reads it taken apart to float32, which is
 * made when it is needed and gone afterwards.
 *
 * As in `simplify` a rule looks at a node and its operands alone.
 */
export function holdBlocks(graph: Graph, forms: ReadonlyMap<string, BlockForm>): Graph {
	const made = new Map<Value, Value>();
	const now = (value: Value): Value => {
		const known = made.get(value);
		if (known) return known;
		const held = heldAs(value, forms);
		const whole = held ? unpack(held) : value;
		made.set(value, whole);
		return whole;
	};
	for (const node of graph.nodes) {
		if (node.op.name === "input") continue;
		const own = onBlocks(node, forms, now);
		const outputs = own ? [own] : rebuilt(node, now);
		for (const [i, output] of node.outputs.entries()) made.set(output, outputs[i] as Value);
	}
	return graphOf(new Map([...graph.outputs].map(([name, value]) => [name, now(value)])));
}

function heldAs({ node, shape }: Value, forms: ReadonlyMap<string, BlockForm>): Held | undefined {
	if (node.op.name !== "input" || node.attributes.role !== "weight") return undefined;
	const name = node.attributes.name as string;
	const form = forms.get(name);
	if (!form) return undefined;
	const { quants, scales, offsets } = partTypes(name, form, shape as readonly number[]);
	const value = (part: PartType): Value => weight(part.name, part.shape, part.dtype);
	return { form, quants: value(quants), scales: value(scales), offsets: offsets && value(offsets) };
}

/** What a node gives, computed on the blocks of the weight that it reads; undefined where it reads none so. */
function onBlocks(
	{ op, inputs, attributes }: Node,
	forms: ReadonlyMap<string, BlockForm>,
	now: (value: Value) => Value,
): Value | undefined {
	const [a, b] = inputs;
	if (!a || !b) return undefined;
	if (op.name === "gather") {
		const table = heldAs(a, forms);
		return table && unpack(table, now(b));
	}
	const { transposeA, transposeB, alpha } = attributes;
	if (op.name !== "matmul" || transposeA || !transposeB || alpha !== 1) return undefined;
	const matrix = heldAs(b, forms);
	return matrix && product(now(a), matrix);
}

function rebuilt(node: Node, now: (value: Value) => Value): readonly Value[] {
	const inputs = node.inputs.map(now);
	const same = inputs.every((v, i) => v === node.inputs[i]);
	return same ? node.outputs : apply(node.op, inputs, node.attributes);
}

/** x [.., columns] times the transposed matrix: [.., rows]. */
function product(x: Value, { form, quants, scales, offsets }: Held): Value {
	const [rows, blocks] = scales.shape as [number, number];
	const { bits, size, zero } = form;
	const shift = 2 ** (bits - 1) - zero;
	// what the kernel's own zero leaves over of each block: offset + shift scale
	const shifted = shift === 0 ? undefined : mul(scales, shift);
	const rest = offsets && shifted ? add(offsets, shifted) : (offsets ?? shifted);
	const sums = sum(reshape(x, [...x.shape.slice(0, -1), blocks, size]), -1, { keepDims: false });
	const step = Math.max(1, Math.floor(PIECE / (blocks * size)));
	const pieces = Array.from({ length: Math.ceil(rows / step) }, (_, i) => {
		const part = (table: Value): Value =>
			step >= rows ? table : slice(table, 0, i * step, Math.min(rows, (i + 1) * step));
		const main = matmulBlocks(x, part(quants), part(scales), bits);
		return rest ? add(main, matmul(sums, part(rest), { transposeB: true })) : main;
	});
	return concat(pieces, -1);
}

/** The matrix in float32, or the rows of it that `indices` choose: [indices.., columns]. */
function unpack({ form, quants, scales, offsets }: Held, indices?: Value): Value {
	const rowsOf = (table: Value): Value => (indices ? gather(table, indices) : table);
	const steps = rowsOf(scales); // [.., blocks]
	const q = numbers(rowsOf(quants), form); // [.., blocks, size]
	const scaled = mul(sub(q, form.zero), unsqueeze(steps, -1));
	const whole = offsets ? add(scaled, unsqueeze(rowsOf(offsets), -1)) : scaled;
	const blocks = steps.shape.at(-1) as number;
	return reshape(whole, [...steps.shape.slice(0, -1), blocks * form.size]);
}

/** Packed whole numbers [.., blocks, bytes] as float32 [.., blocks, size]. */
function numbers(quants: Value, { bits, size }: BlockForm): Value {
	const bytes = cast(quants, "float32");
	if (bits === 8) return bytes;
	const high = cast(cast(mul(bytes, 1 / 16), "int32"), "float32");
	const low = sub(bytes, mul(high, 16));
	const pairs = concat([unsqueeze(low, -1), unsqueeze(high, -1)], -1); // [.., blocks, bytes, 2]
	return reshape(pairs, [...quants.shape.slice(0, -1), size]);
}

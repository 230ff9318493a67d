/**
 * Writes the ONNX ModelProto wire format. Field numbers are those of onnx.proto (IR version 10);
 * only the messages that headscope emits are here.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { DType, Tensor } from "../tensor/index.js";

/** onnx.TensorProto.DataType */
export const ELEMENT_TYPE: Record<DType, number> = {
	float32: 1,
	uint8: 2,
	int32: 6,
	int64: 7,
	bool: 9,
	float64: 11,
};

const IR_VERSION = 10;
const OPSET = 21;
enum AttributeType {
	Float = 1,
	Int = 2,
	String = 3,
	Ints = 7,
}

export type OnnxAttributeValue =
	| { float: number }
	| { int: number }
	| { string: string }
	| { ints: readonly number[] };

export interface OnnxNode {
	readonly type: string;
	readonly domain: string;
	readonly inputs: readonly string[];
	readonly outputs: readonly string[];
	readonly attributes: ReadonlyMap<string, OnnxAttributeValue>;
}

/** An input or output: symbolic extents are strings. */
export interface OnnxValueInfo {
	readonly name: string;
	readonly dtype: DType;
	readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
	readonly inputs: readonly OnnxValueInfo[];
	readonly outputs: readonly OnnxValueInfo[];
	readonly nodes: readonly OnnxNode[];
	readonly initializers: ReadonlyMap<string, Tensor>;
}

/** Serialises a model. */
export function encodeModel(model: OnnxModel): Uint8Array<ArrayBuffer> {
	const writer = new BinaryWriter();
	writer.tag(1, WireType.Varint).int64(IR_VERSION);
	writer.tag(2, WireType.LengthDelimited).string("headscope");
	message(writer, 7, (w) => encodeGraph(w, model));
	for (const [domain, version] of [
		["", OPSET],
		["com.microsoft", 1],
	] as const) {
		message(writer, 8, (w) => {
			w.tag(1, WireType.LengthDelimited).string(domain);
			w.tag(2, WireType.Varint).int64(version);
		});
	}
	return writer.finish() as Uint8Array<ArrayBuffer>;
}

/** Where a weight lies in a file that the runtime maps into memory. */
export interface ExternalWeight {
	readonly name: string;
	readonly shape: readonly number[];
	/** File name, below the folder that the session is told. */
	readonly file: string;
	/** First byte, and length in bytes. */
	readonly offset: number;
	readonly length: number;
}

/**
 * Declares weights as inputs, to be appended to a model's bytes: in the protobuf wire format concatenated
 * messages are one message with their fields merged.
 */
export function encodeWeightInputs(weights: readonly OnnxValueInfo[]): Uint8Array<ArrayBuffer> {
	return encodeFragment((graph) => {
		for (const info of weights) message(graph, 11, (w) => encodeValueInfo(w, info));
	});
}

/** Declares weights as constants in files, to be appended to a model's bytes. */
export function encodeExternalWeights(weights: readonly ExternalWeight[]): Uint8Array<ArrayBuffer> {
	return encodeFragment((graph) => {
		for (const weight of weights) message(graph, 5, (w) => encodeExternal(w, weight));
	});
}

function encodeFragment(write: (graph: BinaryWriter) => void): Uint8Array<ArrayBuffer> {
	const writer = new BinaryWriter();
	message(writer, 7, write);
	return writer.finish() as Uint8Array<ArrayBuffer>;
}

function encodeExternal(writer: BinaryWriter, { name, shape, file, offset, length }: ExternalWeight): void {
	for (const extent of shape) writer.tag(1, WireType.Varint).int64(extent);
	writer.tag(2, WireType.Varint).int32(ELEMENT_TYPE.float32);
	writer.tag(8, WireType.LengthDelimited).string(name);
	for (const [key, value] of Object.entries({ location: file, offset, length })) {
		message(writer, 13, (w) => {
			w.tag(1, WireType.LengthDelimited).string(key);
			w.tag(2, WireType.LengthDelimited).string(String(value));
		});
	}
	writer.tag(14, WireType.Varint).int32(1); // data_location: EXTERNAL
}

function message(writer: BinaryWriter, field: number, write: (w: BinaryWriter) => void): void {
	writer.tag(field, WireType.LengthDelimited).fork();
	write(writer);
	writer.join();
}

function encodeGraph(writer: BinaryWriter, model: OnnxModel): void {
	for (const node of model.nodes) message(writer, 1, (w) => encodeNode(w, node));
	writer.tag(2, WireType.LengthDelimited).string("headscope");
	for (const [name, tensor] of model.initializers) message(writer, 5, (w) => encodeTensor(w, name, tensor));
	for (const info of model.inputs) message(writer, 11, (w) => encodeValueInfo(w, info));
	for (const info of model.outputs) message(writer, 12, (w) => encodeValueInfo(w, info));
}

function encodeNode(writer: BinaryWriter, node: OnnxNode): void {
	for (const name of node.inputs) writer.tag(1, WireType.LengthDelimited).string(name);
	for (const name of node.outputs) writer.tag(2, WireType.LengthDelimited).string(name);
	writer.tag(4, WireType.LengthDelimited).string(node.type);
	for (const [name, value] of node.attributes) {
		message(writer, 5, (w) => {
			w.tag(1, WireType.LengthDelimited).string(name);
			encodeAttribute(w, value);
		});
	}
	if (node.domain) writer.tag(7, WireType.LengthDelimited).string(node.domain);
}

function encodeAttribute(writer: BinaryWriter, value: OnnxAttributeValue): void {
	let type: AttributeType;
	if ("float" in value) {
		type = AttributeType.Float;
		writer.tag(2, WireType.Bit32).float(value.float);
	} else if ("int" in value) {
		type = AttributeType.Int;
		writer.tag(3, WireType.Varint).int64(value.int);
	} else if ("string" in value) {
		type = AttributeType.String;
		writer.tag(4, WireType.LengthDelimited).string(value.string);
	} else {
		type = AttributeType.Ints;
		for (const i of value.ints) writer.tag(8, WireType.Varint).int64(i);
	}
	writer.tag(20, WireType.Varint).int32(type);
}

function encodeTensor(writer: BinaryWriter, name: string, tensor: Tensor): void {
	for (const extent of tensor.shape) writer.tag(1, WireType.Varint).int64(extent);
	writer.tag(2, WireType.Varint).int32(ELEMENT_TYPE[tensor.dtype]);
	writer.tag(8, WireType.LengthDelimited).string(name);
	// raw_data is little-endian, as every platform is that WebAssembly and onnxruntime-node run on
	const { buffer, byteOffset, byteLength } = tensor.data;
	writer.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(buffer, byteOffset, byteLength));
}

function encodeValueInfo(writer: BinaryWriter, { name, dtype, shape }: OnnxValueInfo): void {
	writer.tag(1, WireType.LengthDelimited).string(name);
	message(writer, 2, (type) =>
		message(type, 1, (tensor) => {
			tensor.tag(1, WireType.Varint).int32(ELEMENT_TYPE[dtype]);
			message(tensor, 2, (dims) => {
				for (const dim of shape) {
					message(dims, 1, (w) => {
						if (typeof dim === "number") w.tag(1, WireType.Varint).int64(dim);
						else w.tag(2, WireType.LengthDelimited).string(dim);
					});
				}
			});
		}),
	);
}

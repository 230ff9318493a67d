import { readFileSync } from "node:fs";
import { unzipSync, zipSync } from "fflate";
import { WeightsError } from "../../src/weights/errors.js";
import { bytesSource } from "../../src/weights/source.js";
import { readTorchCheckpoint } from "../../src/weights/torch-checkpoint.js";
import type { Target } from "../target.js";

/** A file, or a pickle alone (0x80 in front), which is put into an archive with a few storages. */
export const torch: Target = {
	sources: ["checkpoint", "cursor", "globals", "machine", "pickle", "tensors", "values", "zip"].map(
		(part) => `src/weights/torch-${part}.ts`,
	),
	refusals: [WeightsError],
	longest: 8192,
	async read(input) {
		const checkpoint = await readTorchCheckpoint(
			bytesSource(input[0] === 0x80 ? archive(input) : input, "input"),
		);
		for (const { data, size } of checkpoint.model.values()) {
			if (data.length !== size) throw new Error(`a tensor of ${size} elements has ${data.length}`);
		}
		return checkpoint;
	},
	*seeds() {
		for (const protocol of [2, 4, 5]) {
			const file = new Uint8Array(readFileSync(`test/reference/icl/checkpoints/features-p${protocol}.pt`));
			yield file;
			for (let cut = 500; cut < file.length; cut += 1500) yield file.slice(0, -cut);
			for (const [name, bytes] of Object.entries(unzipSync(file))) if (name.endsWith("data.pkl")) yield bytes;
		}
		for (const part of PICKLES) yield pickle(part);
		for (const type of TYPES)
			for (const size of [2, 4, 8, 16]) yield pickle(entry(tensor(type, size, "K\0", SHAPE, ROWS)));
		for (const [size, offset, shape, strides] of TENSORS)
			yield pickle(entry(tensor("Float", size, offset, shape, strides)));
		const honest = pickle(entry(tensor("Float", 4, "K\0", SHAPE, ROWS)));
		for (const [name, bytes] of Object.entries({ byteorder: "little", "data.pkl": "x", "b/data.pkl": "x" }))
			yield archive(honest, { [name.includes("/") ? name : `a/${name}`]: Buffer.from(bytes) });
		yield archive(honest, { "a/byteorder": Buffer.from("big") });
		yield archive(honest, { "a/byteorder": Buffer.alloc(40) });
		yield zipSync({ "a/data.pkl": honest }, { level: 9 });
		yield zipSync({ other: honest }, { level: 0 });
		const stored = archive(honest);
		for (let at = 0; at < stored.length; at += 3) {
			const broken = stored.slice();
			broken[at] = (broken[at] as number) ^ 0xff;
			yield broken;
		}
	},
};

/** The storages that a pickle alone gets, 16 bytes each. */
function archive(data: Uint8Array, more: Record<string, Uint8Array> = {}): Uint8Array {
	const storage = new Uint8Array(16);
	return zipSync({ "a/data.pkl": data, "a/data/0": storage, "a/data/1": storage, ...more }, { level: 0 });
}

function pickle(body: string, protocol = 2): Uint8Array {
	return Uint8Array.of(0x80, protocol, ...Buffer.from(body, "latin1"));
}

const text = (s: string): string => `X${String.fromCharCode(s.length, 0, 0, 0)}${s}`;
const entry = (value: string): string => `}${text("w")}${value}s.`;
/** A float tensor of storage 0: how many elements are announced, then offset, shape and strides as pickled. */
const tensor = (
	type: string,
	size: number,
	offset: string,
	shape: string,
	strides: string,
	build = "_v2",
): string =>
	`ctorch._utils\n_rebuild_tensor${build}\n((${text("storage")}ctorch\n${type}Storage\n${text("0")}${text("cpu")}K${String.fromCharCode(size)}tQ${offset}${shape}${strides}\x89ccollections\nOrderedDict\n)RtR`;

const SHAPE = "K\x02K\x02\x86";
const ROWS = "K\x02K\x01\x86";
const TYPES = [
	"Float",
	"Double",
	"Half",
	"BFloat16",
	"Long",
	"Int",
	"Short",
	"Char",
	"Byte",
	"Bool",
	"Untyped",
];
const TENSORS: readonly (readonly [number, string, string, string])[] = [
	[4, "K\0", SHAPE, "K\x01K\x02\x86"],
	[4, "K\x01", "K\x04\x85", "K\x01\x85"],
	[4, "K\0", "K\0\x85", "K\x01\x85"],
	[4, "K\0", "K\x01\x85", "K\x09\x85"],
	[4, "J\xff\xff\xff\xff", "K\x01\x85", "K\x01\x85"],
	[9, "K\0", "K\x09\x85", "K\x01\x85"],
	[4, "K\0", "J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87", "K\0K\0K\0\x87"],
	[4, "K\0", "J\0\0\0\x40\x85", "K\0\x85"],
];
const call = (name: string, args: string): string => `c${name.replace(" ", "\n")}\n${args}R`;
const shared = tensor("Float", 4, "K\0", SHAPE, ROWS);

/** Pickles that end in what each opcode, limit and builder does. */
const PICKLES: readonly string[] = [
	...[
		"}.",
		"].",
		").",
		"N.",
		"\x88.",
		"\x89.",
		"K\x01.",
		"M\x01\x02.",
		"J\x01\0\0\0.",
		"G\x3f\xf0\0\0\0\0\0\0.",
	],
	...[
		"\x8a\x02\x01\xff.",
		"\x8a\x09\0\0\0\0\0\0\0\0\x01.",
		"\x8b\x01\0\0\0\x05.",
		"\x8b\xff\xff\xff\x7f.",
		"\x8a\0.",
	],
	...[
		"\x8c\x01a.",
		"\x8d\x01\0\0\0\0\0\0\0a.",
		"C\x01a.",
		"B\x01\0\0\0a.",
		"\x8e\x01\0\0\0\0\0\0\0a.",
		"\x96\x01\0\0\0\0\0\0\0a.",
	],
	...[
		"]K\x01a.",
		"](K\x01K\x02e.",
		"}(K\x01K\x02u.",
		"}K\x01K\x02s.",
		"\x8f(K\x01\x90.",
		"(K\x01\x91.",
		"(K\x01t.",
	],
	...[
		"K\x010.",
		"(K\x011.",
		"K\x012.",
		"]q\0h\0.",
		"]r\0\0\0\0j\0\0\0\0.",
		"]\x94h\0.",
		"h\x07.",
		"0.",
		"2.",
		"t.",
		"\x85.",
		"a.",
	],
	...[
		"]K\x01K\x02s.",
		"}K\x01a.",
		"}(K\x01u.",
		"](K\x01\x90.",
		"X\xff\xff\xff\xffabc.",
		"\xff.",
		"I1\n.",
		"c.",
	],
	...[
		`${text("x")}Q.`,
		"K\x01)R.",
		`${text("a")}${text("b")}\x93.`,
		"K\x01K\x02\x93.",
		"\x95\0\0\0\0\0\0\0\0}.",
	],
	...[call("os system", "K\x01"), call("os system", ")"), `cos\nsystem\n)}\x92.`, `cos\nsystem\n)\x81}b.`],
	...["dict", "set", "frozenset", "bytearray"].map((name) => `${call(`builtins ${name}`, "]\x85")}.`),
	...["dict", "set", "bytearray"].map((name) => `${call(`__builtin__ ${name}`, "K\x01\x85")}.`),
	`${call("builtins dict", "}\x85")}.`,
	`${call("builtins bytearray", "C\x02ab\x85")}.`,
	`${call("collections OrderedDict", "]K\x01K\x02\x86a\x85")}.`,
	`${call("collections defaultdict", "N}\x86")}.`,
	`${call("torch Size", "K\x01K\x02\x86\x85")}.`,
	`${call("torch Size", "K\x01\x85")}.`,
	`${call("_codecs encode", `${text("ab")}${text("latin1")}\x86`)}.`,
	`${call("_codecs encode", "K\x01\x85")}.`,
	`${call("_codecs encode", "X\x02\0\0\0\xc4\x80\x85")}.`,
	`${call("torch._utils _rebuild_tensor_v2", ")")}.`,
	`${call("torch._utils _rebuild_parameter", "K\x01\x85")}.`,
	entry(call("torch._utils _rebuild_parameter", `${shared}\x85`)),
	entry(call("torch._utils _rebuild_parameter_with_state", `${shared}\x85`)),
	entry(tensor("Float", 4, "K\0", SHAPE, ROWS, "")),
	entry(tensor("Float", 4, "K\0", SHAPE, ROWS, "_v3").replace(/tR$/, "ctorch\nuint16\ntR")),
	`}${text("model")}${entry(shared).slice(0, -1)}s${text("step")}K\x05s.`,
	`}${text("model")}K\x05s.`,
	`}${text("model")}}K\x01${shared}sss.`,
	`}${text("model")}}K\x01${shared}ss.`,
	`}${text("model")}}${text("w")}C\x01ass.`,
	`}${text("model")}}${text("w")}Nss.`,
	`}${text("model")}}${text("w")}}ss.`,
	`}${text("model")}}${text("w")}]ss.`,
	`}${text("model")}}${text("w")}\x8fss.`,
	`}${text("model")}}${text("w")}${text("v")}ss.`,
	`}${text("other")}K\x05s.`,
	`}K\x05K\x06s.`,
	`}${text("model")}}sX\x01\0\0\0m(lp0\n.`,
	"]q\0h\0a.",
	`}${text("a")}(${text("storage")}ctorch\nFloatStorage\n${text("0")}${text("cpu")}K\x04tQs.`,
	`${"]".repeat(150)}${"a".repeat(149)}.`,
	`]q\0(${"K\x01".repeat(16)}e]q\x01(${"h\0".repeat(16)}e]q\x02(${"h\x01".repeat(16)}e]q\x03(${"h\x02".repeat(16)}e]q\x04(${"h\x03".repeat(16)}e](${"h\x04".repeat(16)}e.`,
];

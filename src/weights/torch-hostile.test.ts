import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { Tensor } from "../tensor/index.js";
import { WeightsError } from "./errors.js";
import { bytesSource } from "./source.js";
import { readTorchCheckpoint, readTorchFile, type TorchData } from "./torch-checkpoint.js";
import { TorchStub } from "./torch-values.js";

/** Bytes of a pickle from letters, numbers and short texts. */
function pickle(...parts: (string | number | Uint8Array)[]): Uint8Array {
	const bytes = parts.flatMap((part) =>
		typeof part === "number" ? [part] : [...(typeof part === "string" ? Buffer.from(part, "latin1") : part)],
	);
	return Uint8Array.from([0x80, 2, ...bytes]);
}

const text = (s: string): string => `X${String.fromCharCode(s.length, 0, 0, 0)}${s}`;
/** A float tensor over storage 0: offset, shape, strides as pickled; `size` elements announced. */
const tensor = (size: number, offset: string, shape: string, strides: string): string =>
	`ctorch._utils\n_rebuild_tensor_v2\n((${text("storage")}ctorch\nFloatStorage\n${text("0")}${text("cpu")}K${String.fromCharCode(size)}tQ${offset}${shape}${strides}\x89ccollections\nOrderedDict\n)RtR`;
/** A dict {"w": value} pickled. */
const entry = (value: string): Uint8Array => pickle("}", text("w"), value, "s.");

function zip(
	data: Uint8Array,
	storage = new Uint8Array(16),
	more: Record<string, Uint8Array> = {},
): Uint8Array {
	return zipSync({ "a/data.pkl": data, "a/data/0": storage, ...more }, { level: 0 });
}

async function outcome(file: Uint8Array): Promise<string> {
	try {
		await readTorchCheckpoint(bytesSource(file, "lie.pt"));
		return "read";
	} catch (error) {
		expect(error).toBeInstanceOf(WeightsError);
		expect((error as Error).message).toMatch(/^lie\.pt: [^\n\r\u2028\u2029]{5,600}$/);
		return (error as Error).message;
	}
}

test("an honest file made the same way is read", async () => {
	const good = zip(
		entry(tensor(4, "K\0", "K\x02K\x02\x86", "K\x02K\x01\x86")),
		Float32Array.of(1, 2, 3, 4) as never,
	);
	const storage = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
	const { model } = await readTorchCheckpoint(
		bytesSource(zip(entry(tensor(4, "K\0", "K\x02K\x02\x86", "K\x01K\x02\x86")), storage)),
	);
	expect(model.get("w")).toEqual(
		Tensor.from([
			[1, 3],
			[2, 4],
		]),
	);
	expect(good.length).toBeGreaterThan(100);
});

describe("a tensor that lies", () => {
	test.each([
		[
			"beyond its storage",
			tensor(4, "K\x01", "K\x04\x85", "K\x01\x85"),
			/reaches element 4 of a storage of 4/,
		],
		["by its stride", tensor(4, "K\0", "K\x02\x85", "K\x09\x85"), /reaches element 9 of a storage of 4/],
		["before its storage", tensor(4, "J\xff\xff\xff\xff", "K\x01\x85", "K\x01\x85"), /not described by/],
		["with a negative stride", tensor(4, "K\0", "K\x01\x85", "J\xff\xff\xff\xff\x85"), /not described by/],
		[
			"about its storage's length",
			tensor(9, "K\0", "K\x09\x85", "K\x01\x85"),
			/needs 36 bytes, entry .* has 16/,
		],
		[
			"with an absurd shape",
			tensor(4, "K\0", "J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87", "K\0K\0K\0\x87"),
			/absurd shape/,
		],
		[
			"by repeating one element",
			tensor(4, "K\0", "J\0\0\0\x40\x85", "K\0\x85"),
			/copied would take 4294967296 bytes/,
		],
		["as a function", "cos\nsystem\n", /"w" is a os\.system, which is not read/],
		["as the result of a call", `c__builtin__\ngetattr\n(${text("x")}${text("y")}tR`, /__builtin__\.getattr/],
		["as a number", "K\x01", /"w" is 1, not a tensor/],
	])("%s is refused", async (_, value, message) => {
		const file = zip(pickle("}", text("model"), "}", text("w"), value, "ss."));
		expect(await outcome(file)).toMatch(message);
	});
});

describe("a pickle that lies", () => {
	const times = (n: number, what: string): Uint8Array => Buffer.from(what.repeat(n), "latin1");
	test.each<[string, Uint8Array, RegExp]>([
		["breaks off", pickle("}"), /breaks off at byte 3: 1 bytes announced, 0 left/],
		["announces a text of 4 GB", pickle("X\xff\xff\xff\xffabc."), /4294967295 bytes announced, 4 left/],
		["announces bytes of 2^63", Uint8Array.of(0x80, 4, 0x8e, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x2e), /breaks off/],
		["has a number of 2 GB", pickle("\x8b\xff\xff\xff\x7f."), /whole number of 2147483647 bytes/],
		["has an unknown opcode", pickle("}", 0xff, "."), /opcode 0xff, which torch does not write/],
		["has an opcode of protocol 0", pickle("I1\n."), /opcode 0x49/],
		["is of protocol 0", Buffer.from("(dp0\n."), /does not begin with a protocol/],
		["is of protocol 9", Uint8Array.of(0x80, 9, 0x2e), /protocol 9, allowed 2 to 5/],
		["takes from an empty stack", pickle("0."), /empty stack/],
		["goes back to no mark", pickle("t."), /mark that was not set/],
		["recalls what was not kept", pickle("h\x07."), /recalls value 7/],
		["calls a number", pickle("K\x01)R."), /calls something that is not a global/],
		["sets items of a list", pickle("]K\x01K\x02s."), /no dict/],
		["appends to a dict", pickle("}K\x01a."), /no list/],
		["has a key without value", pickle("}(K\x01u."), /key without a value/],
		["has a persistent id of another kind", pickle(text("x"), "Q."), /persistent id/],
		[
			"nests 50,000 lists",
			pickle("]".repeat(50_000), "a".repeat(49_999), "."),
			/nested deeper than 100 levels/,
		],
		["makes 300,000 dicts", pickle("]", times(300_000, "}a"), "."), /makes more than 262144 objects/],
		["stacks a million values", pickle("(", times(2 ** 20, "N"), "t."), /stacks more than/],
		["sets a million marks", pickle(times(2 ** 20, "("), "."), /stacks more than/],
		["has a list of two million", pickle("]", times(2 ** 21, "Na"), "."), /more than 1048576 items/],
		[
			"doubles a list 30 times",
			pickle("](K\x01K\x01e", times(30, "2\x86"), "."),
			/unfolds to more than 4194304 values/,
		],
		[
			"copies a dict again and again",
			pickle(
				"]q\x00(",
				times(60_000, "NN\x86"),
				"e",
				"0ccollections\nOrderedDict\nq\x010",
				times(10_000, "h\x01h\x00\x85R0"),
				".",
			),
			/more than 1048576 items/,
		],
		["holds itself", pickle("}q\x00", text("a"), "h\x00s."), /holds itself/],
		["names a global by a novel", pickle("c", "x".repeat(5000), "\ny\n."), /names a global by 5001 letters/],
		["is no dict", pickle("K\x05."), /holds 5, not a dict/],
		["has no model", pickle("}", text("weights"), "K\x01s."), /has no entry "model", it has weights/],
		["is not UTF-8", pickle("X\x02\0\0\0\xff\xfe."), /not UTF-8/],
	])("%s: refused", async (_, data, message) => {
		// processor time, as others may be busy on this machine
		const started = process.cpuUsage();
		expect(await outcome(zip(data))).toMatch(message);
		expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
	});

	test("a shape cannot be changed after it was checked", async () => {
		// shape list kept as value 0, and appended to behind the tensor's back
		const value = tensor(4, "K\0", "]q\x00K\x04a", "]q\x01K\x01a");
		const data = pickle("}", text("w"), value, "s", "h\x00K\x09a0", ".");
		const { model } = await readTorchCheckpoint(bytesSource(zip(data)));
		expect(model.get("w")?.shape).toEqual([4]);
	});

	test("globals are named, never called", async () => {
		const data = pickle("}", text("x"), "cposix\nsystem\n", `(${text("touch /tmp/headscope-was-here")}tRs.`);
		const root = (await readTorchFile(bytesSource(zip(data)))) as Map<TorchData, TorchData>;
		expect(root.get("x")).toEqual(new TorchStub("posix.system"));
	});
});

describe("an archive that lies", () => {
	const good = zip(entry(tensor(4, "K\0", "K\x04\x85", "K\x01\x85")));
	const end = good.length - 22;
	const patched = (at: number, ...bytes: number[]): Uint8Array => {
		const file = good.slice();
		file.set(bytes, at);
		return file;
	};
	const directory = new DataView(good.buffer).getUint32(end + 16, true);
	test.each<[string, Uint8Array, RegExp]>([
		["is empty", new Uint8Array(0), /not a ZIP archive/],
		["is text", Buffer.from("hello, this is no checkpoint at all"), /not a ZIP archive/],
		["is cut in half", good.slice(0, good.length / 2), /not a ZIP archive/],
		["lacks its last byte", good.slice(0, -1), /not a ZIP archive/],
		["announces 65535 entries", patched(end + 8, 255, 255, 255, 255), /breaks off at entry 2 of 65535/],
		[
			"announces a table of 4 GB",
			patched(end + 12, 255, 255, 255, 255),
			/lists 2 entries in 4294967295 bytes/,
		],
		["has its table elsewhere", patched(end + 16, 1, 0, 0, 0), /breaks off at entry 0/],
		["has an entry of 4 GB", patched(directory + 20, 0, 0, 0, 240, 0, 0, 0, 240), /does not fit the file/],
		["has a bomb", zipSync({ "a/data.pkl": new Uint8Array(100 * 2 ** 20) }), /is compressed/],
		["is encrypted", patched(directory + 8, 1), /is encrypted/],
		["was changed in one bit", patched(60, (good[60] as number) ^ 1), /does not match its checksum/],
		["has no local header", patched(0, 0), /no local header/],
		["has no pickle", zipSync({ "a/data": new Uint8Array(9) }, { level: 0 }), /0 entries \*\/data\.pkl/],
		[
			"has two pickles",
			zip(pickle("}."), undefined, { "b/data.pkl": pickle("}.") }),
			/2 entries \*\/data\.pkl/,
		],
		[
			"is big-endian",
			zip(pickle("}."), undefined, { "a/byteorder": Buffer.from("big") }),
			/byte order "big"/,
		],
	])("%s: refused", async (_, file, message) => {
		expect(await outcome(file)).toMatch(message);
	});

	test("entries that overlap are refused: many names for the same bytes", async () => {
		const file = zip(pickle("}."));
		const view = new DataView(file.buffer);
		const table = view.getUint32(file.length - 22 + 16, true);
		const second = table + 46 + view.getUint16(table + 28, true);
		view.setUint32(second + 42, 0, true); // both at byte 0
		expect(await outcome(file)).toMatch(/overlaps the next one/);
	});
});

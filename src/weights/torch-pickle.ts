import { refuse } from "./errors.js";
import { storageRef } from "./torch-globals.js";
import { PickleMachine } from "./torch-machine.js";
import type { Pickled } from "./torch-values.js";

/** Longest pickle that is read: 16 MiB. A tensor takes some 150 bytes of it, its name included. */
export const MAX_PICKLE = 16 * 2 ** 20;

/** Longest whole number in bytes; larger ones would take quadratic time to convert. */
const MAX_LONG = 255;

/** What an opcode does; a value it returns is pushed. */
type Opcode = (machine: PickleMachine) => Pickled | undefined;

/**
 * The opcodes of protocol 2 to 5 that torch writes, by their number in Python's pickletools.py.
 * Those that would import or call something do neither here, see {@link PickleMachine.call}.
 */
const OPCODES: ReadonlyMap<number, Opcode> = new Map<number, Opcode>([
	[0x28, (m) => m.mark()], // MARK
	[0x30, (m) => drop(m.pop())], // POP
	[0x31, (m) => drop(m.popMark())], // POP_MARK
	[0x32, (m) => m.top()], // DUP
	[0x4e, () => null], // NONE
	[0x88, () => true], // NEWTRUE
	[0x89, () => false], // NEWFALSE
	[0x4a, (m) => m.input.int32()], // BININT
	[0x4b, (m) => m.input.uint8()], // BININT1
	[0x4d, (m) => m.input.uint16()], // BININT2
	[0x8a, (m) => long(m, m.input.uint8())], // LONG1
	[0x8b, (m) => long(m, m.input.uint32())], // LONG4
	[0x47, (m) => m.input.float64BigEndian()], // BINFLOAT
	[0x8c, (m) => m.input.text(m.input.uint8())], // SHORT_BINUNICODE
	[0x58, (m) => m.input.text(m.input.uint32())], // BINUNICODE
	[0x8d, (m) => m.input.text(m.input.uint64())], // BINUNICODE8
	[0x43, (m) => bytes(m, m.input.uint8())], // SHORT_BINBYTES
	[0x42, (m) => bytes(m, m.input.uint32())], // BINBYTES
	[0x8e, (m) => bytes(m, m.input.uint64())], // BINBYTES8
	[0x96, (m) => bytes(m, m.input.uint64())], // BYTEARRAY8
	[0x5d, (m) => m.made([])], // EMPTY_LIST
	[0x61, (m) => m.append([m.pop()])], // APPEND
	[0x65, (m) => m.append(m.popMark())], // APPENDS
	[0x29, (m) => m.made([])], // EMPTY_TUPLE
	[0x85, (m) => m.made(m.popMany(1))], // TUPLE1
	[0x86, (m) => m.made(m.popMany(2))], // TUPLE2
	[0x87, (m) => m.made(m.popMany(3))], // TUPLE3
	[0x74, (m) => m.made(m.popMark())], // TUPLE
	[0x7d, (m) => m.made(new Map())], // EMPTY_DICT
	[0x73, (m) => m.setItems(m.popMany(2))], // SETITEM
	[0x75, (m) => m.setItems(m.popMark())], // SETITEMS
	[0x8f, (m) => m.made(new Set())], // EMPTY_SET
	[0x90, (m) => m.add(m.popMark())], // ADDITEMS
	[0x91, (m) => m.made(new Set(m.popMark()))], // FROZENSET
	[0x63, (m) => m.global(m.input.line(), m.input.line())], // GLOBAL
	[0x93, (m) => m.global(...(m.popMany(2) as [Pickled, Pickled]))], // STACK_GLOBAL
	[0x52, (m) => m.call(m.pop())], // REDUCE
	[0x81, (m) => m.call(m.pop())], // NEWOBJ
	[0x92, (m) => m.call(drop(m.pop()) ?? m.pop())], // NEWOBJ_EX: keywords are left out
	[0x62, (m) => drop(m.pop())], // BUILD: attributes; containers have none that count, stubs keep none
	[0x51, (m) => m.made(storageRef(m.pop(), m.where))], // BINPERSID
	[0x71, (m) => m.remember(m.input.uint8())], // BINPUT
	[0x72, (m) => m.remember(m.input.uint32())], // LONG_BINPUT
	[0x94, (m) => m.remember()], // MEMOIZE
	[0x68, (m) => m.recall(m.input.uint8())], // BINGET
	[0x6a, (m) => m.recall(m.input.uint32())], // LONG_BINGET
	[0x95, (m) => drop(m.input.uint64())], // FRAME: a hint for readers of streams
]);

/** Reads a pickle of protocol 2 to 5 as plain data. */
export function unpickle(bytes: Uint8Array, where: string): Pickled {
	if (bytes.length > MAX_PICKLE) {
		refuse(where, `${bytes.length} bytes of pickle, allowed up to ${MAX_PICKLE}`);
	}
	const machine: PickleMachine = new PickleMachine(bytes, where);
	const { input } = machine;
	if (input.uint8() !== 0x80) refuse(where, "the pickle does not begin with a protocol");
	const protocol = input.uint8();
	if (protocol < 2 || protocol > 5) refuse(where, `the pickle has protocol ${protocol}, allowed 2 to 5`);
	for (;;) {
		const op = input.uint8();
		if (op === 0x2e) return machine.pop(); // STOP
		const run = OPCODES.get(op);
		if (!run) machine.fail(`has opcode 0x${op.toString(16).padStart(2, "0")}, which torch does not write`);
		const value = run(machine);
		if (value !== undefined) machine.push(value);
	}
}

/** A copy, so that no view keeps the file in memory. */
function bytes(machine: PickleMachine, length: number): Uint8Array {
	return machine.made(new Uint8Array(machine.input.take(length)));
}

function drop(_value: unknown): undefined {}

/** A whole number of two's complement, little-endian; a JavaScript number where that is exact. */
function long(machine: PickleMachine, length: number): number | bigint {
	if (length > MAX_LONG) machine.fail(`has a whole number of ${length} bytes, allowed up to ${MAX_LONG}`);
	let value = 0n;
	for (const byte of machine.input.take(length).toReversed()) value = (value << 8n) | BigInt(byte);
	const signed = BigInt.asIntN(8 * length, value);
	const number = Number(signed);
	return Number.isSafeInteger(number) ? number : signed;
}

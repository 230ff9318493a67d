/**
 * Preloaded by the fuzzer's process. Its native part is built against glibc 2.38 and asks for no more of it than
 * `strtol` under the name that C23 gave it (which reads "0b11" too); older systems refuse to load it for that. Where
 * they do, a copy is loaded that asks for `strtol` itself. Does nothing elsewhere.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";

const load = process.dlopen;
process.dlopen = (module, file, ...flags) => {
	try {
		load(module, file, ...flags);
	} catch (error) {
		if (!/version `GLIBC(XX)?_[\d.]+' not found/.test(String(error))) throw error;
		load(module, olderCopy(file as string), ...flags);
	}
};

/** What C23 puts in front of functions that C99 has too. */
const C23 = "__isoc23_";
/** Sections of an ELF file by their type, and the flag of a needed version that may be missing (System V ABI, gABI). */
const [DYNAMIC_SYMBOLS, VERSION_OF_SYMBOL, VERSIONS_NEEDED] = [11, 0x6fffffff, 0x6ffffffe];
const MAY_BE_MISSING = 2;

/** The copy, in a folder that git ignores. */
function olderCopy(file: string): string {
	const bytes = readFileSync(file);
	const text = (at: number): string => bytes.toString("latin1", at, bytes.indexOf(0, at));
	const long = (at: number): number => Number(bytes.readBigUInt64LE(at));
	const sections = Array.from({ length: bytes.readUInt16LE(0x3c) }, (_, i) => {
		const at = long(0x28) + i * bytes.readUInt16LE(0x3a);
		return {
			type: bytes.readUInt32LE(at + 4),
			start: long(at + 24),
			size: long(at + 32),
			link: bytes.readUInt32LE(at + 40),
		};
	});
	const section = (type: number | undefined) => {
		const found = sections.find((one) => one.type === type);
		if (!found) throw new Error(`${file}: not a library as this system has them`);
		return { ...found, strings: sections[found.link]?.start ?? 0 };
	};

	let oldest = 0;
	const needed = section(VERSIONS_NEEDED);
	for (let library = needed.start, next = 1; next !== 0; library += next) {
		next = bytes.readUInt32LE(library + 12);
		let at = library + bytes.readUInt32LE(library + 8);
		for (let left = bytes.readUInt16LE(library + 2); left > 0; left--) {
			const name = text(needed.strings + bytes.readUInt32LE(at + 8));
			if (name === "GLIBC_2.2.5") oldest = bytes.readUInt16LE(at + 6);
			bytes.writeUInt16LE(MAY_BE_MISSING, at + 4);
			at += bytes.readUInt32LE(at + 12);
		}
	}
	const [symbols, versions] = [section(DYNAMIC_SYMBOLS), section(VERSION_OF_SYMBOL)];
	for (let i = 0; i * 24 < symbols.size; i++) {
		const at = symbols.start + i * 24;
		if (!text(symbols.strings + bytes.readUInt32LE(at)).startsWith(C23)) continue;
		bytes.writeUInt32LE(bytes.readUInt32LE(at) + C23.length, at);
		bytes.writeUInt16LE(oldest, versions.start + 2 * i);
	}
	const copy = resolve(".cache/fuzz", basename(file));
	if (existsSync(copy) && readFileSync(copy).equals(bytes)) return copy;
	mkdirSync(resolve(".cache/fuzz"), { recursive: true });
	// under its name when it is whole: other processes may have the one of before in memory
	const unfinished = `${copy}.${process.pid}`;
	writeFileSync(unfinished, bytes);
	renameSync(unfinished, copy);
	return copy;
}

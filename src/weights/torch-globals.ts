import { refuse } from "./errors.js";
import { MAX_RANK } from "./tensor-entry.js";
import { type Pickled, StorageRef, TensorRef, TorchStub } from "./torch-values.js";

/** Makes the object that a call of a global with these arguments stands for. */
type Builder = (args: readonly Pickled[], where: string) => Pickled;

/**
 * The only globals whose call means something here: plain containers, bytes, and torch's functions
 * that put a tensor together. Every other one is a {@link TorchStub}, `getattr` included.
 */
const BUILDERS: ReadonlyMap<string, Builder> = new Map<string, Builder>([
	...both("dict", ([items]) => new Map(pairsOf(items))),
	...both("set", ([items]) => new Set(Array.isArray(items) ? items : [])),
	...both("frozenset", ([items]) => new Set(Array.isArray(items) ? items : [])),
	...both("bytearray", ([bytes]) => (bytes instanceof Uint8Array ? bytes : new Uint8Array(0))),
	["collections.OrderedDict", ([items]) => new Map(pairsOf(items))],
	["collections.defaultdict", ([, items]) => new Map(pairsOf(items))],
	["_codecs.encode", ([text], where) => latin1(text, where)],
	["torch.Size", ([extents]) => (Array.isArray(extents) ? extents : [])],
	["torch._utils._rebuild_tensor", (args, where) => tensorRef(args, undefined, where)],
	["torch._utils._rebuild_tensor_v2", (args, where) => tensorRef(args, undefined, where)],
	["torch._utils._rebuild_tensor_v3", (args, where) => tensorRef(args, args[6], where)],
	["torch._utils._rebuild_parameter", ([tensor], where) => parameter(tensor, where)],
	["torch._utils._rebuild_parameter_with_state", ([tensor], where) => parameter(tensor, where)],
]);

function both(name: string, builder: Builder): [string, Builder][] {
	// Python 2's name for builtins, which pickles of protocol 2 use
	return [
		[`builtins.${name}`, builder],
		[`__builtin__.${name}`, builder],
	];
}

/** The result of calling `callee`: a container or tensor, or a stub named after it. */
export function callGlobal(callee: Pickled, args: Pickled, where: string): Pickled {
	if (!(callee instanceof TorchStub)) refuse(where, "the pickle calls something that is not a global");
	if (!Array.isArray(args)) refuse(where, `the pickle calls ${callee.name} with something that is no tuple`);
	const builder = BUILDERS.get(callee.name);
	return builder ? builder(args, where) : new TorchStub(callee.name);
}

/** A storage as torch refers to one: ("storage", class, key, device, elements). */
export function storageRef(id: Pickled, where: string): StorageRef {
	const [tag, type, key, , size] = Array.isArray(id) ? id : [];
	if (tag !== "storage" || !(type instanceof TorchStub) || typeof key !== "string" || !isCount(size)) {
		refuse(where, 'the pickle has a persistent id that is not ("storage", class, key, device, elements)');
	}
	return new StorageRef(key, type.name.slice(type.name.lastIndexOf(".") + 1), size);
}

function tensorRef(args: readonly Pickled[], dtype: Pickled | undefined, where: string): Pickled {
	const [storage, offset, shape, strides] = args;
	const fits = isCounts(shape) && isCounts(strides) && shape.length === strides.length;
	if (!(storage instanceof StorageRef) || !isCount(offset) || !fits || shape.length > MAX_RANK) {
		refuse(
			where,
			`a tensor is not described by a storage, an offset, a shape and strides of at most ${MAX_RANK} axes`,
		);
	}
	// copies: the pickle may go on changing its lists
	return new TensorRef(
		storage,
		offset,
		[...shape],
		[...strides],
		dtype instanceof TorchStub ? dtype.name : undefined,
	);
}

function parameter(tensor: Pickled | undefined, where: string): Pickled {
	if (!(tensor instanceof TensorRef)) refuse(where, "a parameter is made of something that is no tensor");
	return tensor;
}

function latin1(text: Pickled | undefined, where: string): Uint8Array {
	if (typeof text !== "string") refuse(where, "the pickle encodes something that is no text");
	return Uint8Array.from(text, (character) => {
		const code = character.charCodeAt(0);
		if (code > 255) refuse(where, `the pickle encodes U+${code.toString(16)} as one byte`);
		return code;
	});
}

function pairsOf(items: Pickled | undefined): Iterable<[Pickled, Pickled]> {
	if (items instanceof Map) return items;
	const pairs = Array.isArray(items) ? items : [];
	return pairs.filter((pair): pair is [Pickled, Pickled] => Array.isArray(pair) && pair.length === 2);
}

function isCount(value: unknown): value is number {
	return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: Pickled | undefined): value is number[] {
	return Array.isArray(value) && value.every(isCount);
}

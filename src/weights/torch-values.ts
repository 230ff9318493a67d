/**
 * A Python object that is not read: a class instance, a function, a bound method. Only its name is
 * kept; nothing is imported or called, whatever the file asks for.
 */
export class TorchStub {
	/** @param name the dotted name of what the file refers to, for example `torch.optim.adam.Adam` */
	constructor(readonly name: string) {}
}

/** A storage of a torch file: a flat run of elements, which several tensors may share. */
export class StorageRef {
	constructor(
		/** Name of its entry below `data/`. */
		readonly key: string,
		/** The dtype by torch's storage class: `FloatStorage`, ...; `UntypedStorage` is bytes. */
		readonly type: string,
		/** Length in elements. */
		readonly size: number,
	) {}
}

/** A tensor of a torch file that is not loaded yet: where its elements lie in a storage. */
export class TensorRef {
	constructor(
		readonly storage: StorageRef,
		/** In elements. */
		readonly offset: number,
		readonly shape: readonly number[],
		/** Steps in elements; 0 repeats. */
		readonly strides: readonly number[],
		/** Where it is not the storage's own: a dtype by name, `torch.uint16`. */
		readonly dtype?: string,
	) {}
}

/**
 * What a pickle holds. Lists and tuples are arrays, dicts are Maps (Python's keys can be anything,
 * tensors included, and a key `__proto__` is harmless in a Map), bytes are Uint8Arrays.
 */
export type Pickled =
	| null
	| boolean
	| number
	| bigint
	| string
	| Uint8Array
	| TorchStub
	| StorageRef
	| TensorRef
	| Pickled[]
	| Set<Pickled>
	| Map<Pickled, Pickled>;

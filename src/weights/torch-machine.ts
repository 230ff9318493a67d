import { refuse } from "./errors.js";
import { ByteCursor } from "./torch-cursor.js";
import { callGlobal } from "./torch-globals.js";
import { type Pickled, TorchStub } from "./torch-values.js";

/** Most containers and other objects: a tensor makes seven, so this is 37,000 tensors; 200 bytes of memory each. */
const MAX_OBJECTS = 2 ** 18;

/** Most items of all lists, dicts and sets together; what a call copies counts once more. */
const MAX_ITEMS = 2 ** 20;

/** Most values that wait on the stack, and most that are kept for later use. */
const MAX_STACK = 2 ** 18;
const MAX_MEMO = 2 ** 19;

/** Longest name of a global, module included. */
const MAX_NAME = 1000;

/**
 * The stack machine a pickle is written for, with a limit on everything that can grow. Methods that
 * return a value return what the opcode pushes.
 */
export class PickleMachine {
	readonly input: ByteCursor;
	private stack: Pickled[] = [];
	/** The stacks that were left at each mark. */
	private readonly marks: Pickled[][] = [];
	/** Values on all of those together. */
	private waiting = 0;
	private readonly memo = new Map<number, Pickled>();
	private objects = 0;
	private items = 0;

	constructor(
		bytes: Uint8Array,
		readonly where: string,
	) {
		this.input = new ByteCursor(bytes, where, "the pickle");
	}

	push(value: Pickled): void {
		this.stack.push(value);
		if (this.stack.length + this.waiting > MAX_STACK) this.fail(`stacks more than ${MAX_STACK} values`);
	}

	pop(): Pickled {
		const value = this.stack.pop();
		if (value === undefined) this.fail("takes a value from an empty stack");
		return value;
	}

	/** The last `count` values, oldest first. */
	popMany(count: number): Pickled[] {
		if (this.stack.length < count) this.fail("takes a value from an empty stack");
		return this.stack.splice(-count);
	}

	top(): Pickled {
		const value = this.stack.at(-1);
		if (value === undefined) this.fail("looks at a value of an empty stack");
		return value;
	}

	mark(): undefined {
		this.waiting += this.stack.length + 1; // one for the mark: otherwise marks alone would be free
		if (this.waiting > MAX_STACK) this.fail(`stacks more than ${MAX_STACK} values`);
		this.marks.push(this.stack);
		this.stack = [];
	}

	/** All values since the last mark. */
	popMark(): Pickled[] {
		const items = this.stack;
		const before = this.marks.pop();
		if (!before) this.fail("goes back to a mark that was not set");
		this.waiting -= before.length + 1;
		this.stack = before;
		return items;
	}

	/** Adds to the list on top. */
	append(items: readonly Pickled[]): undefined {
		const list = this.top();
		this.charge(items.length);
		// a loop: push(...items) would put them all on the call stack
		if (Array.isArray(list)) for (const item of items) list.push(item);
		else if (!(list instanceof TorchStub)) this.fail("appends to something that is no list");
	}

	/** Adds to the set on top. */
	add(items: readonly Pickled[]): undefined {
		const set = this.top();
		this.charge(items.length);
		if (set instanceof Set) for (const item of items) set.add(item);
		else if (!(set instanceof TorchStub)) this.fail("adds to something that is no set");
	}

	/** Sets items of the dict on top; keys and values alternate. */
	setItems(items: readonly Pickled[]): undefined {
		const dict = this.top();
		this.charge(items.length);
		if (items.length % 2 !== 0) this.fail("sets a key without a value");
		if (dict instanceof Map) {
			for (let i = 0; i < items.length; i += 2) dict.set(items[i] as Pickled, items[i + 1] as Pickled);
		} else if (!(dict instanceof TorchStub)) this.fail("sets items of something that is no dict");
	}

	/** A reference to what a Python module has under a name. */
	global(module: Pickled, name: Pickled): Pickled {
		if (typeof name !== "string" || typeof module !== "string") this.fail("names a global by no text");
		const length = module.length + name.length;
		if (length > MAX_NAME) this.fail(`names a global by ${length} letters, allowed up to ${MAX_NAME}`);
		return this.made(new TorchStub(`${module}.${name}`));
	}

	/** What a call of the value on top stands for. */
	call(args: Pickled): Pickled {
		// containers are made by copying their argument: a few bytes could do that again and again
		if (Array.isArray(args)) for (const arg of args) this.charge(lengthOf(arg));
		return this.made(callGlobal(this.pop(), args, this.where));
	}

	remember(key = this.memo.size): undefined {
		this.memo.set(key, this.top());
		if (this.memo.size > MAX_MEMO) this.fail(`keeps more than ${MAX_MEMO} values`);
	}

	recall(key: number): Pickled {
		const value = this.memo.get(key);
		if (value === undefined) this.fail(`recalls value ${key}, which was not kept`);
		return value;
	}

	/** Counts an object that takes memory of its own. */
	made<T extends Pickled>(value: T): T {
		if (++this.objects > MAX_OBJECTS) this.fail(`makes more than ${MAX_OBJECTS} objects`);
		return value;
	}

	fail(what: string): never {
		return refuse(this.where, `the pickle ${what} (before byte ${this.input.at})`);
	}

	private charge(items: number): void {
		this.items += items;
		if (this.items > MAX_ITEMS) this.fail(`has more than ${MAX_ITEMS} items`);
	}
}

/** How many items a call would copy of this argument. */
function lengthOf(value: Pickled): number {
	if (typeof value === "string" || Array.isArray(value) || value instanceof Uint8Array) return value.length;
	return value instanceof Map || value instanceof Set ? value.size : 0;
}

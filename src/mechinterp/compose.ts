/** A function of any arguments. */
type Fn<A extends unknown[], R> = (...args: A) => R;

/**
 * Functions one after the other, the last one first, as in mathematics: `compose(f, g)(...args)` is
 * `f(await g(...args))`. A function may return a promise; the next one gets what it resolves to.
 */
export function compose<A extends unknown[], R>(f: Fn<A, R>): Fn<A, Promise<Awaited<R>>>;
export function compose<A extends unknown[], B, R>(
	f: Fn<[Awaited<B>], R>,
	g: Fn<A, B>,
): Fn<A, Promise<Awaited<R>>>;
export function compose<A extends unknown[], C, B, R>(
	f: Fn<[Awaited<B>], R>,
	g: Fn<[Awaited<C>], B>,
	h: Fn<A, C>,
): Fn<A, Promise<Awaited<R>>>;
export function compose(...fns: Fn<never[], unknown>[]): Fn<unknown[], Promise<unknown>> {
	const [first, ...rest] = fns.toReversed() as Fn<unknown[], unknown>[];
	return async (...args) => {
		let value = await first?.(...args);
		for (const fn of rest) value = await fn(value);
		return value;
	};
}

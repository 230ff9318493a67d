/**
 * The extent of an axis: a number, or a symbolic expression in canonical form such as `"pos"`,
 * `"past+pos"` or `"2*batch*pos"`. Two symbolic extents are equal exactly when their strings are.
 */
export type Dim = number | string;

/** A sum of monomials: product of symbols ("" for the constant) -> coefficient. */
type Polynomial = Map<string, number>;

function parse(dim: Dim): Polynomial {
	if (typeof dim === "number") return new Map([["", dim]]);
	const terms: Polynomial = new Map();
	for (const [term] of dim.matchAll(/[+-]?[^+-]+/g)) {
		const sign = term.startsWith("-") ? -1 : 1;
		const factors = term.replace(/^[+-]/, "").split("*");
		const coefficient = Number(factors[0]);
		const symbols = Number.isNaN(coefficient) ? factors : factors.slice(1);
		const key = symbols.sort().join("*");
		terms.set(key, (terms.get(key) ?? 0) + sign * (Number.isNaN(coefficient) ? 1 : coefficient));
	}
	return terms;
}

function print(terms: Polynomial): Dim {
	const present = [...terms]
		.filter(([, c]) => c !== 0)
		.sort(([a], [b]) => (a === "" ? 1 : b === "" ? -1 : a < b ? -1 : 1));
	if (present.length === 0) return 0;
	if (present.length === 1 && present[0]?.[0] === "") return present[0][1];
	return present
		.map(([symbols, c], i) => {
			const sign = c < 0 ? "-" : i > 0 ? "+" : "";
			const size = Math.abs(c);
			if (symbols === "") return `${sign}${size}`;
			return `${sign}${size === 1 ? "" : `${size}*`}${symbols}`;
		})
		.join("");
}

/** Whether an extent is one symbol and nothing more, so that an axis can say what it is. */
export function isSymbol(dim: string): boolean {
	return !/[+*-]/.test(dim);
}

/** a + b */
export function addDims(a: Dim, b: Dim): Dim {
	if (typeof a === "number" && typeof b === "number") return a + b;
	const sum = parse(a);
	for (const [k, c] of parse(b)) sum.set(k, (sum.get(k) ?? 0) + c);
	return print(sum);
}

/** a * b */
export function mulDims(a: Dim, b: Dim): Dim {
	if (typeof a === "number" && typeof b === "number") return a * b + 0; // never -0
	const product: Polynomial = new Map();
	for (const [x, c] of parse(a)) {
		for (const [y, d] of parse(b)) {
			const key = [...x.split("*"), ...y.split("*")].filter(Boolean).sort().join("*");
			product.set(key, (product.get(key) ?? 0) + c * d);
		}
	}
	return print(product);
}

/** Product of all extents. */
export function sizeOfDims(shape: readonly Dim[]): Dim {
	return shape.reduce<Dim>(mulDims, 1);
}

/** The value of `dim` where each symbol is bound; an unbound symbol is an error. */
export function evaluateDim(dim: Dim, bindings: ReadonlyMap<string, number>): number {
	if (typeof dim === "number") return dim + 0;
	let sum = 0;
	for (const [symbols, coefficient] of parse(dim)) {
		let term = coefficient;
		for (const symbol of symbols.split("*").filter(Boolean)) {
			const value = bindings.get(symbol);
			if (value === undefined) {
				throw new RangeError(
					`no value for the symbolic extent "${symbol}"; bound: ${[...bindings.keys()].join(", ") || "none"}`,
				);
			}
			term *= value;
		}
		sum += term;
	}
	return sum + 0; // never -0
}

/** The monomials of a symbolic extent, for emitting it as run-time arithmetic. */
export function dimTerms(dim: Dim): { symbols: string[]; coefficient: number }[] {
	return [...parse(dim)].map(([symbols, coefficient]) => ({
		symbols: symbols.split("*").filter(Boolean),
		coefficient,
	}));
}

export function formatShape(shape: readonly Dim[]): string {
	return `[${shape.join(", ")}]`;
}

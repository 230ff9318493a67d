/**
 * A number with so many decimals; a dash for one that is not there.
 * @param least absolute values below are written with a power of ten: by default those that would be all zeros
 */
export function decimals(
	value: number | undefined,
	digits: number,
	least: number = 0.5 * 10 ** -digits,
): string {
	if (value === undefined || Number.isNaN(value)) return "–";
	if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
	const small = value !== 0 && Math.abs(value) < least;
	return minus(small ? value.toExponential(1) : value.toFixed(digits));
}

/** A number with so many digits that count, and no zeros behind them: for the ends of scales. */
export function significant(value: number, digits: number): string {
	const small = value !== 0 && Math.abs(value) < 1e-3;
	return minus(small ? value.toExponential(0) : String(Number(value.toPrecision(digits))));
}

/** The sign that is as wide as a plus. */
export function minus(text: string): string {
	return text.replace(/^-/, "−");
}

import { decimals, minus } from "./decimals.js";

/** A number with a sign that a minus is, as few digits as tell it from others, and none that mean nothing. */
export function shortNumber(value: number): string {
	if (Number.isNaN(value)) return "";
	const size = Math.abs(value);
	if (size === 0) return "0";
	if (size < 5e-4 || size >= 1e5) return minus(value.toExponential(1));
	return minus(value.toFixed(size < 0.1 ? 3 : size < 99.95 ? 2 : size < 999.5 ? 1 : 0));
}

/** The same with a plus, for changes. */
export function signedNumber(value: number): string {
	return value > 0 ? `+${shortNumber(value)}` : shortNumber(value);
}

/** A share in percent, with two digits or more. */
export function percent(share: number): string {
	const value = 100 * share;
	if (Number.isNaN(value)) return "";
	return `${value >= 9.95 ? value.toFixed(0) : value >= 0.095 ? value.toFixed(1) : value >= 0.0095 ? value.toFixed(2) : "0"} %`;
}

/** Seven digits, as many as float32 has. */
export function allDigits(value: number): string {
	return Number.isNaN(value) ? "" : minus(String(Number(value.toPrecision(7))));
}

/** The next round number that is not smaller: 1, 2, 2.5 or 5 times a power of ten. */
export function roundUp(value: number): number {
	if (!(value > 0) || !Number.isFinite(value)) return 1;
	const unit = 10 ** Math.floor(Math.log10(value));
	const step = [1, 2, 2.5, 5, 10].find((one) => one * unit >= value * (1 - 1e-9)) ?? 10;
	return Number((step * unit).toPrecision(3));
}

/** A number of a table: four decimals, or two digits that count where it is small. */
export function figure(value: number | undefined): string {
	return decimals(value, 4, 1e-3);
}

/** The same with a plus, for changes. */
export function signedFigure(value: number | undefined): string {
	return value !== undefined && value > 0 ? `+${figure(value)}` : figure(value);
}

/** A share of what was there before, in percent and with its sign; a dash where that was 0. */
export function relative(share: number | undefined): string {
	if (share === undefined || !Number.isFinite(share)) return "–";
	return `${share > 0 ? "+" : ""}${minus((100 * share).toFixed(2))} %`;
}

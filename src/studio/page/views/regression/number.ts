/** A number with five decimals, as all tables of this view have it. */
export function number(value: number | undefined): string {
	if (value === undefined || Number.isNaN(value)) return "–";
	if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
	return minus(value.toFixed(5));
}

/** A share in percent, with its sign: "+12.3 %". */
export function percent(value: number | undefined): string {
	if (value === undefined || !Number.isFinite(value)) return "–";
	return `${value > 0 ? "+" : ""}${minus((100 * value).toFixed(2))} %`;
}

/** A few digits, for axes and scales. */
export function short(value: number): string {
	return minus(String(Number(value.toPrecision(3))));
}

function minus(text: string): string {
	return text.replace("-", "−");
}

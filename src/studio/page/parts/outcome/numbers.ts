/** A number of a table: four digits behind the point, or two that count where it is small. */
export function figure(value: number | undefined): string {
	if (value === undefined || Number.isNaN(value)) return "–";
	if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
	return value === 0 || Math.abs(value) >= 1e-3 ? value.toFixed(4) : value.toExponential(1);
}

/** A change with its sign. */
export function signed(value: number | undefined): string {
	const text = figure(value);
	return value !== undefined && value > 0 ? `+${text}` : text;
}

/** A share as per cent, with its sign; a dash where what it is a share of is 0. */
export function percent(value: number): string {
	if (!Number.isFinite(value)) return "–";
	return `${value > 0 ? "+" : ""}${(100 * value).toFixed(Math.abs(value) < 0.1 ? 2 : 1)} %`;
}

/** A canvas' longest side in every browser. */
const LONGEST_SIDE = 16_384;
/** Pixels of a picture for each of its figure's. */
const SCALE = 2;

/** Has the browser save a file. */
export function saveFile(name: string, content: string | Blob, type: string): void {
	const blob = typeof content === "string" ? new Blob([content], { type }) : content;
	const link = document.createElement("a");
	link.href = URL.createObjectURL(blob);
	link.download = name;
	link.click();
	// the browser reads it after this turn; a minute is long enough for any file
	setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A figure as PNG, drawn by the browser at twice its size, text included. */
export async function toPng(svg: string): Promise<Blob> {
	const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
	try {
		const image = new Image();
		image.src = address;
		await image.decode().catch(() => {
			throw new Error("the browser cannot draw this figure; save it as SVG");
		});
		const { naturalWidth: width, naturalHeight: height } = image;
		const scale = Math.min(SCALE, LONGEST_SIDE / Math.max(width, height));
		const canvas = document.createElement("canvas");
		canvas.width = Math.round(width * scale);
		canvas.height = Math.round(height * scale);
		canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
		const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
		if (!blob)
			throw new Error(`a picture of ${canvas.width} x ${canvas.height} is too large for this browser`);
		return blob;
	} finally {
		URL.revokeObjectURL(address);
	}
}

/** Rows as CSV (RFC 4180): what has a comma, a quote or a line end stands in quotes. Numbers have 7 digits. */
export function toCsv(rows: readonly (readonly (string | number)[])[]): string {
	const cell = (value: string | number): string => {
		const text = typeof value === "number" ? String(short(value)) : value;
		return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
	};
	return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}

/** Data as JSON; tensors and typed arrays as lists, nested by their shape, numbers with 7 digits. */
export function toJson(value: unknown): string {
	return `${JSON.stringify(plain(value), undefined, "\t")}\n`;
}

function plain(value: unknown): unknown {
	if (typeof value === "number") return short(value);
	if (typeof value === "bigint") return Number(value);
	if (typeof value !== "object" || value === null) return value;
	if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array, plain);
	if (value instanceof Map) return Object.fromEntries([...value].map(([key, part]) => [key, plain(part)]));
	if (Array.isArray(value)) return value.map(plain);
	const { shape, data } = value as { shape?: unknown; data?: unknown };
	if (Array.isArray(shape) && ArrayBuffer.isView(data))
		return nested(Array.from(data as Float32Array, plain), shape);
	return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}

function nested(values: readonly unknown[], [extent, ...rest]: readonly number[]): unknown {
	if (extent === undefined) return values[0];
	if (rest.length === 0) return values;
	const size = rest.reduce((product, length) => product * length, 1);
	return Array.from({ length: extent }, (_, i) => nested(values.slice(i * size, (i + 1) * size), rest));
}

/** What float32 holds: 0.1 is not 0.10000000149011612. */
function short(value: number): number {
	return Number.isFinite(value) && !Number.isInteger(value) ? Number(value.toPrecision(7)) : value;
}

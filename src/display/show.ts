import { type DisplayOptions, display } from "./display.js";

/** What the Deno kernel of Jupyter has for its cells. */
interface Kernel {
	display(value: object): Promise<void>;
}

/**
 * Shows something now: in Jupyter with the Deno kernel as an output of the cell, several in one where wanted; anywhere else as
 * text on the console. It is there when the promise is fulfilled, while the result of a cell's last line may come so late
 * that programs which execute notebooks miss it.
 *
 * @throws {RangeError} for a pattern that no figure draws
 */
export async function show(value: unknown, options: DisplayOptions = {}): Promise<void> {
	const shown = display(value, options);
	const kernel = kernelHere();
	if (kernel) await kernel.display(shown);
	else console.log(String(shown));
}

/** Outside of its kernel Deno throws where one only asks for it. */
function kernelHere(): Kernel | undefined {
	try {
		return (globalThis as { Deno?: { jupyter?: Kernel } }).Deno?.jupyter;
	} catch {
		return undefined;
	}
}

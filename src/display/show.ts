import { type DisplayOptions, display } from "./display.js";

/** What the Deno kernel of Jupyter has for its cells. */
interface Kernel {
	display(value: object): Promise<void>;
}

/** Milliseconds that the kernel is given to hand an output on. */
const HANDED_ON = 50;

/**
 * Shows something now: in Jupyter with the Deno kernel as an output of the cell, several in one where wanted; anywhere else as
 * text on the console. The result of a cell's last line may come after the kernel said that the cell was done, and programs
 * that execute notebooks then miss it; this waits until the output is out.
 *
 * @throws {RangeError} for a pattern that no figure draws
 */
export async function show(value: unknown, options: DisplayOptions = {}): Promise<void> {
	const shown = display(value, options);
	const kernel = kernelHere();
	if (!kernel) {
		console.log(String(shown));
		return;
	}
	await kernel.display(shown);
	// Deno 2.9 answers a little before it sends: about one output in 200 of a busy machine came behind its cell's end
	await new Promise((resolve) => setTimeout(resolve, HANDED_ON));
}

/** Outside of its kernel Deno throws where one only asks for it. */
function kernelHere(): Kernel | undefined {
	try {
		return (globalThis as { Deno?: { jupyter?: Kernel } }).Deno?.jupyter;
	} catch {
		return undefined;
	}
}

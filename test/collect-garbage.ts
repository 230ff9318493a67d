import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/**
 * Frees what nothing refers to. A peak then tells what one read took, not how much garbage of earlier reads a
 * busy machine had not got round to collecting.
 */
export function collectGarbage(): void {
	collect();
}

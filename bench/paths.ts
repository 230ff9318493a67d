import { fileURLToPath } from "node:url";

/** A path inside `bench/`, from the compiled file beside which it is asked for (`bench/out/*.js`). */
export function benchPath(relative: string): string {
	return fileURLToPath(new URL(`../${relative}`, import.meta.url));
}

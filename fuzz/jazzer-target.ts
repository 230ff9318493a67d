/** What the fuzzer loads in a process of its own: the target that its environment names. */
import { PLANTED } from "./planted.js";
import { TARGETS } from "./registry.js";
import { outcomeOf, type Target } from "./target.js";

const target = await load(process.env.FUZZ_TARGET ?? "");

/** Called by the fuzzer with one input; whatever it throws is a finding. */
export async function fuzz(input: Uint8Array): Promise<void> {
	// the fuzzer's buffer is reused, and a Buffer has methods of its own
	await outcomeOf(target, new Uint8Array(input));
}

async function load(name: string): Promise<Target> {
	const found = await { ...TARGETS, ...PLANTED }[name]?.();
	if (!found) throw new Error(`FUZZ_TARGET: "${name}", allowed ${Object.keys(TARGETS).join(", ")}`);
	return found;
}

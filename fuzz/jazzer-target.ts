/** What the fuzzer loads in a process of its own: the target that its environment names. */
import { TARGETS } from "./registry.js";
import { outcomeOf } from "./target.js";

const name = process.env.FUZZ_TARGET ?? "";
const target = await TARGETS[name]?.();
if (!target) throw new Error(`FUZZ_TARGET: "${name}", allowed ${Object.keys(TARGETS).join(", ")}`);

/** Called by the fuzzer with one input; whatever it throws is a finding. */
export async function fuzz(input: Uint8Array): Promise<void> {
	// the fuzzer's buffer is reused, and a Buffer has methods of its own
	await outcomeOf(target, new Uint8Array(input));
}

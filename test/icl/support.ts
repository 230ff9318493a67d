import { expect } from "vitest";
import { difference, type Tensor } from "../../src/tensor/index.js";

/** What the tests read of a small configuration. */
export interface SmallConfig {
	readonly task_config: {
		readonly task_size: number;
		readonly max_examples: number;
		readonly embed_size: number;
		readonly mlp_size: number;
		readonly num_tasks: number;
		readonly noise_variance: number;
		readonly num_heads: number;
		readonly num_layers: number;
		readonly include_output: boolean;
		readonly pretrain_seed: number;
		readonly true_seed: number;
		readonly sampling_seed: number;
	};
	readonly batch_size: number;
}

/** Fails where two tensors differ by more than `tolerance` (of the largest entry), or where one of them is missing. */
export function expectClose(
	got: Tensor | undefined,
	wanted: Tensor | undefined,
	tolerance: number,
	relative = false,
): void {
	if (!got || !wanted) throw new Error("a tensor to compare is missing");
	const { maxAbs, scale, index } = difference(got, wanted);
	expect(maxAbs, `at [${index.join(", ")}]`).toBeLessThanOrEqual(tolerance * (relative ? scale : 1));
}

/** Fails where a number differs by more than `tolerance` of the one wanted, or is missing. */
export function expectRelative(
	got: Readonly<Record<string, number>>,
	wanted: Readonly<Record<string, number>>,
	tolerance: number,
): void {
	for (const [key, value] of Object.entries(wanted)) {
		const difference = Math.abs((got[key] ?? Number.NaN) - value);
		expect(difference, `${key}: ${got[key]}, not ${value}`).toBeLessThanOrEqual(tolerance * Math.abs(value));
	}
}

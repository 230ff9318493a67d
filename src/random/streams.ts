import { NumpyRandom } from "./numpy-random.js";
import { TorchRandom } from "./torch-random.js";

/**
 * The two streams that a PyTorch program seeds together: torch's draws tasks, data and initial weights,
 * numpy's the lengths of the subsequence metric. They advance independently.
 */
export class RandomStreams {
	readonly torch: TorchRandom;
	readonly numpy: NumpyRandom;

	/** @throws {RangeError} unless the seed is a whole number from 0 to 2^32 - 1. */
	constructor(seed: number) {
		this.numpy = new NumpyRandom(seed);
		this.torch = new TorchRandom(seed);
	}

	/** Starts both anew with one seed. */
	setSeed(seed: number): void {
		this.numpy.setSeed(seed);
		this.torch.setSeed(seed);
	}
}

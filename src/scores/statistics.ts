/** Mean and spread of many vectors, kept in a bounded amount of memory (Welford 1962). */
export class RunningMean {
	readonly mean: Float64Array<ArrayBuffer>;
	private readonly squares: Float64Array<ArrayBuffer>;
	private seen = 0;

	/** @param size entries of each vector */
	constructor(size: number) {
		this.mean = new Float64Array(size);
		this.squares = new Float64Array(size);
	}

	get count(): number {
		return this.seen;
	}

	add(values: ArrayLike<number>): void {
		this.seen++;
		for (let i = 0; i < this.mean.length; i++) {
			const delta = (values[i] as number) - (this.mean[i] as number);
			this.mean[i] = (this.mean[i] as number) + delta / this.seen;
			this.squares[i] =
				(this.squares[i] as number) + delta * ((values[i] as number) - (this.mean[i] as number));
		}
	}

	/**
	 * Half the width of the 95 % t-interval of entry i's mean: t(count - 1) s / sqrt(count). The interval
	 * treats means of samples as normal and may reach beyond a score's range. NaN for fewer than two vectors.
	 */
	halfWidth(i: number): number {
		if (this.seen < 2) return Number.NaN;
		const variance = (this.squares[i] as number) / (this.seen - 1);
		return tQuantile975(this.seen - 1) * Math.sqrt(variance / this.seen);
	}
}

const Z = 1.959963984540054;

/** 97.5 % quantile of Student's t: exact for 1 and 2 degrees of freedom, else Abramowitz and Stegun 26.7.5. */
export function tQuantile975(degrees: number): number {
	if (degrees === 1) return Math.tan(Math.PI * 0.475);
	if (degrees === 2) return 0.95 / Math.sqrt(2 * 0.975 * 0.025);
	const z2 = Z * Z;
	const g1 = (Z * (z2 + 1)) / 4;
	const g2 = (Z * ((5 * z2 + 16) * z2 + 3)) / 96;
	const g3 = (Z * (((3 * z2 + 19) * z2 + 17) * z2 - 15)) / 384;
	const g4 = (Z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945)) / 92160;
	return Z + g1 / degrees + g2 / degrees ** 2 + g3 / degrees ** 3 + g4 / degrees ** 4;
}

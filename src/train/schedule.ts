import { reject } from "./errors.js";

/** The learning rate of the update at a 0-based step. */
export type Schedule = (step: number) => number;

/** One rise and one fall, both linear (Smith and Topin 2019, as torch's OneCycleLR computes it). */
export interface OneCycle {
	readonly scheduler_type: "OneCycleLR";
	/** The rate at the peak. */
	readonly max_lr: number;
	/** Updates of the whole cycle; at least 4. */
	readonly total_steps: number;
	/** Share of the cycle that rises, default 0.5. */
	readonly pct_start?: number | undefined;
	/** The first rate is `max_lr` over this; default `total_steps / 2 - 1`. */
	readonly div_factor?: number | undefined;
	/** The last rate is the first one over this; default `total_steps / 2 - 1`. */
	readonly final_div_factor?: number | undefined;
}

/** Half a cosine wave from `lr` down to `eta_min` (Loshchilov and Hutter 2017, without restarts). */
export interface Cosine {
	readonly scheduler_type: "CosineAnnealingLR";
	readonly lr: number;
	/** Step at which `eta_min` is reached. */
	readonly T_max: number;
	/** Default 0. */
	readonly eta_min?: number | undefined;
}

/** The same rate at every step. */
export interface Constant {
	readonly scheduler_type: "constant";
	readonly lr: number;
}

/**
 * The schedule as a function of the step.
 * @throws {TrainError} where a setting makes no schedule; the function refuses steps outside it
 */
export function schedule(settings: OneCycle | Cosine | Constant): Schedule {
	switch (settings.scheduler_type) {
		case "OneCycleLR":
			return oneCycle(settings);
		case "CosineAnnealingLR":
			return cosine(settings);
		case "constant":
			return () => settings.lr;
	}
}

/** The default of both factors: the ramp then starts one slope unit above 0. */
export function defaultDivFactor(totalSteps: number): number {
	return totalSteps / 2 - 1;
}

function oneCycle(settings: OneCycle): Schedule {
	const { max_lr: maxLr, total_steps: total, pct_start: share = 0.5 } = settings;
	const { div_factor = defaultDivFactor(total), final_div_factor = defaultDivFactor(total) } = settings;
	if (!Number.isInteger(total) || total < 4) {
		reject("one-cycle schedule", `${total} steps, allowed whole numbers from 4`);
	}
	if (!(div_factor > 0) || !(final_div_factor > 0)) {
		reject("one-cycle schedule", `factors ${div_factor} and ${final_div_factor}, allowed numbers above 0`);
	}
	const peak = share * total - 1;
	const last = total - 1;
	if (!(peak > 0 && peak < last)) {
		reject(
			"one-cycle schedule",
			`pct_start ${share} puts the peak at step ${peak}, allowed between 0 and ${last}`,
		);
	}
	const first = maxLr / div_factor;
	const end = first / final_div_factor;
	return (step) => {
		if (!Number.isInteger(step) || step < 0 || step > last) {
			// torch goes on to a negative rate here
			reject("one-cycle schedule", `step ${step}, allowed 0..${last}`);
		}
		return step <= peak
			? (maxLr - first) * (step / peak) + first
			: (end - maxLr) * ((step - peak) / (last - peak)) + maxLr;
	};
}

function cosine({ lr, T_max: period, eta_min: lowest = 0 }: Cosine): Schedule {
	if (!(period > 0)) reject("cosine schedule", `T_max ${period}, allowed numbers above 0`);
	return (step) => lowest + ((lr - lowest) * (1 + Math.cos((Math.PI * step) / period))) / 2;
}

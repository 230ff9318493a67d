/** A model's name without the step behind it: "demo" of "demo@400". */
export function baseOf(ref: string): string {
	return ref.replace(/@\d{1,15}$/, "");
}

/** The step that a model's name ends in; undefined where it is the model as it is. */
export function stepOf(ref: string): number | undefined {
	const [, step] = /@(\d{1,15})$/.exec(ref) ?? [];
	return step === undefined ? undefined : Number(step);
}

/** The name of a model as it was after a step of its training. */
export function atStep(base: string, step: number): string {
	return `${base}@${step}`;
}

/** Whether two names are steps of one training, or one of them the model as it is. */
export function sameTraining(a: string | undefined, b: string): boolean {
	return a !== undefined && baseOf(a) === baseOf(b);
}

/** Steps of one training that are kept open together take about this many bytes at most. */
export const MOST_STEP_BYTES = 256 * 2 ** 20;

/** About what a model's float32 weights take, in bytes. */
export function roughBytes(of: {
	readonly nLayers: number;
	readonly dModel: number;
	readonly vocab: number;
}): number {
	return 4 * of.dModel * (of.vocab + 12 * of.nLayers * of.dModel);
}

/** Whether a model's runs take so long that what they follow from is worth a thought: from 64 MiB of weights on. */
export function isLarge(of: Parameters<typeof roughBytes>[0]): boolean {
	return roughBytes(of) >= 64 * 2 ** 20;
}

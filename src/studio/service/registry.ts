import { attribute } from "./methods/attribute.js";
import { close } from "./methods/close.js";
import { direction } from "./methods/direction.js";
import { experiment } from "./methods/experiment.js";
import { hello } from "./methods/hello.js";
import { kinds } from "./methods/kinds.js";
import { lens } from "./methods/lens.js";
import { look } from "./methods/look.js";
import { measure } from "./methods/measure.js";
import { open } from "./methods/open.js";
import { readExperiment } from "./methods/read-experiment.js";
import { regressionActivation } from "./methods/regression-activation.js";
import { regressionLook } from "./methods/regression-look.js";
import { regressionMetrics } from "./methods/regression-metrics.js";
import { runsOpen } from "./methods/runs-open.js";
import { sample } from "./methods/sample.js";
import { score } from "./methods/score.js";
import { steps } from "./methods/steps.js";
import { sweepHeads } from "./methods/sweep-heads.js";
import { sweepPatch } from "./methods/sweep-patch.js";
import { trainLook } from "./methods/train-look.js";
import { trainStart } from "./methods/train-start.js";
import { trainSteps } from "./methods/train-steps.js";
import { writeExperiment } from "./methods/write-experiment.js";

/** Everything a page can ask: a new thing is a file and a line here. */
export const METHODS = {
	hello,
	open,
	close,
	look,
	experiment,
	measure,
	kinds,
	direction,
	readExperiment,
	writeExperiment,
	score,
	sample,
	steps,
	runsOpen,
	regressionLook,
	regressionActivation,
	regressionMetrics,
	sweepHeads,
	sweepPatch,
	lens,
	attribute,
	trainStart,
	trainSteps,
	trainLook,
} as const;

/** The protocol's types: what each method takes, gives, and tells on the way. */
export type Methods = typeof METHODS;
export type ParamsOf<K extends keyof Methods> = Parameters<Methods[K]["run"]>[0];
export type ResultOf<K extends keyof Methods> = Awaited<ReturnType<Methods[K]["run"]>>;
export type ProgressOf<K extends keyof Methods> = Parameters<Parameters<Methods[K]["run"]>[1]["report"]>[0];

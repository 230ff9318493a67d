export { type AbxaOptions, type AbxaSamples, abxa } from "./abxa.js";
export { type RepeatOptions, type RepeatSamples, repeat } from "./repeat.js";
export { type Samples, type Task, TaskError, type TokenRange } from "./samples.js";
export { type TextRowsOptions, textRows } from "./text-rows.js";

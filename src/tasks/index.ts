export { type AbxaOptions, type AbxaSamples, abxa } from "./abxa.js";
export { type RepeatOptions, type RepeatSamples, repeat } from "./repeat.js";
export { type RepeatedSegmentsOptions, repeatedSegments } from "./repeated-segments.js";
export { type Samples, type Task, TaskError, type TokenRange } from "./samples.js";
export { type TextRowsOptions, textRows } from "./text-rows.js";
export { textWindows } from "./text-windows.js";

/** What only Node can do: files of weights, and figures as PNG. */
export { type PngOptions, svgToPng } from "./figures/png-node.js";
export { type CheckpointOptions, fileSource, openCheckpoint, saveSafetensors } from "./weights/node.js";

export { readSweep } from "./read-sweep-node.js";

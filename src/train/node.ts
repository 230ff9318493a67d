export { LocalStorage } from "./local-storage-node.js";
export { openCheckpoints, openStorages, readEnvironment } from "./open-storages-node.js";
export { readSweep } from "./read-sweep-node.js";

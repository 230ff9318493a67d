export { applyBinopDicts, relativeChange } from "./compare.js";

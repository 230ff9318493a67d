/** The pass that does every computation once is part of {@link simplify}. */
export { simplify as shareCommon } from "./simplify.js";

/** Figures and results that show themselves in notebooks: Jupyter with the Deno kernel, Observable, any page. */
export { Displayed, type DisplayOptions, display, toNode } from "./display.js";
export { show } from "./show.js";

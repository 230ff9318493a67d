/** The custom element `<headscope-attention>`; importing this defines it. */
import { HeadscopeAttention } from "./attention-element.js";

export { type ElementTokens, HeadscopeAttention } from "./attention-element.js";
export type { NestedPattern, PatternTensor } from "./pattern-set.js";
export type { AxisTokens } from "./viewer.js";

const registry = globalThis.customElements as CustomElementRegistry | undefined;
if (registry && !registry.get("headscope-attention"))
	registry.define("headscope-attention", HeadscopeAttention);

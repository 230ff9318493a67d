/** Where a page fetches the models of hub ids: the hub, and the hosts that it sends downloads on to. */
const HUB = "https://huggingface.co https://*.huggingface.co https://*.hf.co";

const DIRECTIVES = [
	"default-src 'none'",
	"script-src 'self' 'wasm-unsafe-eval'",
	"worker-src 'self' blob:",
	"style-src 'self'",
	"img-src 'self' data: blob:",
	"font-src 'self'",
	`connect-src 'self' blob: ${HUB}`,
	"base-uri 'none'",
	"form-action 'none'",
];

/**
 * What the studio's page may do, as a Content-Security-Policy: WASM is compiled, nothing is evaluated; scripts and styles
 * are its own, and connections go to its own host and the hub.
 */
export const PAGE_POLICY: string = DIRECTIVES.join("; ");

/** The same as a header, which can also keep the page out of other pages' frames. */
export const HEADER_POLICY = `${PAGE_POLICY}; frame-ancestors 'none'`;

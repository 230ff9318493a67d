import * as z from "zod/mini";

/** Where the stream is read in each layer. */
export const LENS_AT = {
	resid_pre: "before each layer",
	resid_mid: "also between attention and MLP",
	parts: "each attention and MLP output",
} as const;

const keys = <K extends string>(of: Readonly<Record<K, string>>): K[] => Object.keys(of) as K[];
const answer = z.string().check(z.maxLength(200));

/** What the view keeps in the scene. */
export const lensState = z.object({
	reading: z.enum(["lens", "attribution"]),
	at: z.enum(keys(LENS_AT)),
	/** The token whose probability is followed: text or "#id"; empty for what the model says at the end. */
	track: answer,
	/** What colours mean: the best token's probability, or the tracked one's. */
	shade: z.enum(["best", "tracked"]),
	/** Where a logit is taken apart; null for the last position. */
	position: z.nullable(z.int().check(z.nonnegative())),
	answer,
	/** Subtracted from it; empty for nothing. */
	wrong: answer,
});
export type LensState = z.output<typeof lensState>;

export const FIRST_LENS: LensState = {
	reading: "lens",
	at: "resid_pre",
	track: "",
	shade: "best",
	position: null,
	answer: "",
	wrong: "",
};

/** The library's names of the points. */
export function pointsOf(at: LensState["at"]): ("resid_pre" | "resid_mid" | "attn_out" | "mlp_out")[] {
	if (at === "parts") return ["attn_out", "mlp_out"];
	return at === "resid_mid" ? ["resid_pre", "resid_mid"] : ["resid_pre"];
}

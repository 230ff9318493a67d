import * as z from "zod/mini";
import type { Scene } from "./scene.js";

/** Under which the scene's views keep what an experiment has beside what the page shows. */
export const EXPERIMENT = "experiment";

const schema = z.strictObject({
	title: z.optional(z.string().check(z.maxLength(1000))),
	metrics: z.array(z.unknown()).check(z.minLength(1), z.maxLength(64)),
	bootstrap: z.optional(z.record(z.string(), z.unknown())),
	rows: z.optional(z.strictObject({ beside: z.array(z.string()), given: z.record(z.string(), z.unknown()) })),
});

/** What an experiment has that no other part of a scene holds. */
export interface ExperimentPart {
	readonly title?: string | undefined;
	/** As experiments write them: names such as "loss", or data. At least one. */
	readonly metrics: readonly unknown[];
	readonly bootstrap?: Readonly<Record<string, unknown>> | undefined;
	/** Rows that are no texts (ids, samples, a text file), and the prompts that were beside them: whoever edits these wants these. */
	readonly rows?:
		| { readonly beside: readonly string[]; readonly given: Readonly<Record<string, unknown>> }
		| undefined;
}

const DEFAULT: ExperimentPart = { metrics: ["loss", "kl", "total-variation"] };

/** A scene's metrics, and what else an opened experiment brought. */
export function experimentPart({ views }: Pick<Scene, "views">): ExperimentPart {
	const checked = schema.safeParse(views[EXPERIMENT]);
	return checked.success ? checked.data : DEFAULT;
}

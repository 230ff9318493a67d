import * as z from "zod/mini";
import { type JsonSchema, type KindForm, kindForms } from "../fields.js";
import { defineMethod } from "../method.js";

/** What can be done to a model, and measured of it. */
export interface Kinds {
	readonly interventions: readonly KindForm[];
	readonly metrics: readonly KindForm[];
	/** Hook points by their short names, such as "z" and "ln1.scale": where values can be changed. */
	readonly points: readonly string[];
}

export const kinds = defineMethod({
	doc: "the kinds of interventions and metrics with their settings, for forms, and a model's hook points",
	params: z.strictObject({ model: z.string() }),
	run: async ({ model: ref }, { state }): Promise<Kinds> => {
		const { model } = state.model(ref);
		const [{ experimentJsonSchema }, { METRICS }] = await Promise.all([
			import("headscope/experiments"),
			import("headscope/metrics"),
		]);
		const ofRuns = new Set(METRICS.filter(({ of }) => !of.includes("language")).map(({ kind }) => kind));
		const { properties } = experimentJsonSchema() as {
			properties: { interventions: { items: JsonSchema }; metrics: { items: JsonSchema } };
		};
		return {
			interventions: kindForms(properties.interventions.items),
			metrics: kindForms(properties.metrics.items).filter(({ kind }) => !ofRuns.has(kind)),
			points: [...new Set(model.sizes.points.flatMap(({ name }) => shortName(name) ?? []))],
		};
	},
});

/** "blocks.3.attn.hook_z" is "z", "blocks.3.ln1.hook_scale" "ln1.scale"; of modules' outputs there is none. */
function shortName(name: string): string | undefined {
	const [, module = "", point] = /^(?:blocks\.\d+\.)?(?:(?:attn|mlp)\.)?(.*\.)?hook_(\w+)$/.exec(name) ?? [];
	return point === undefined ? undefined : `${module}${point}`;
}

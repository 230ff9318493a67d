import { interventionsSchema } from "../interventions/index.js";
import { metricSchema } from "../metrics/index.js";
import { jsonSchema } from "../shared/kinds-json-schema.js";
import { experimentSchema } from "./experiment-schema.js";

/** The JSON Schema (draft 2020-12) of experiment files, for editors. */
export function experimentJsonSchema(): Record<string, unknown> {
	const schema = jsonSchema(experimentSchema) as { properties: Record<string, object> };
	const metrics = { type: "array", minItems: 1, items: inner(metricSchema()) };
	return {
		...schema,
		title: "headscope experiment",
		properties: { ...schema.properties, interventions: inner(interventionsSchema()), metrics },
	};
}

/** A schema without what only a document's own top says. */
function inner({ $schema: _, ...schema }: Record<string, unknown>): Record<string, unknown> {
	return schema;
}

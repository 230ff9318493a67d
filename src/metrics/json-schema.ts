import * as z from "zod/mini";
import { kindsJsonSchema } from "../shared/kinds-json-schema.js";
import { METRICS } from "./registry.js";

/** The JSON Schema (draft 2020-12) of a metric, as a short spelling or as data, for editors. */
export function metricSchema(): Record<string, unknown> {
	const short = z.string().check(z.describe('Short for kind, "kind@place" or "kind:mode@place"'));
	return kindsJsonSchema(METRICS, (data) => z.union([short, data]));
}

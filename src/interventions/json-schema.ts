import * as z from "zod/mini";
import { kindsJsonSchema } from "../shared/kinds-json-schema.js";
import { INTERVENTIONS } from "./registry.js";

/** The JSON Schema (draft 2020-12) of a list of interventions, for editors. */
export function interventionsSchema(): Record<string, unknown> {
	return kindsJsonSchema(INTERVENTIONS, (one) => z.array(one));
}

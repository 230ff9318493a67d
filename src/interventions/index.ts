/** Changes to a run as plain data: ablations and attention patterns, by head, position and row. */
export { donorPoints } from "./donor-points.js";
export type { Donor } from "./donors.js";
export { InterventionError } from "./errors.js";
export type { Edit, EditSite, InterventionKind, Part, RunFacts, Sizes, Taken } from "./intervention.js";
export { interventionsSchema } from "./json-schema.js";
export { NAMED_PATTERNS, type PatternName } from "./named-patterns.js";
export { namedPattern, type PatternRows } from "./pattern-matrix.js";
export { INTERVENTIONS, type Intervention, parseInterventions } from "./registry.js";

import type * as z from "zod/mini";
import { nearest } from "../hooks/select.js";
import { type Intervention, InterventionError, parseInterventions } from "../interventions/index.js";
import { type MetricData, MetricError, parseMetric } from "../metrics/index.js";
import { ModelError } from "../models/family.js";
import { valueAt } from "../shared/data-kinds.js";
import { check } from "../shared/schemas.js";
import { CLEAN } from "./donors.js";
import { ExperimentError } from "./errors.js";
import { experimentSchema } from "./experiment-schema.js";
import { type DataPath, pathText, YamlPlaces } from "./yaml-places.js";

/** Longest experiment file: 4 MiB, which ids of many rows fit into. */
export const MAX_EXPERIMENT_TEXT = 2 ** 22;

/** What an experiment file says. */
export interface ExperimentData extends Omit<z.output<typeof experimentSchema>, "interventions" | "metrics"> {
	readonly interventions: readonly Intervention[];
	readonly metrics: readonly (string | MetricData)[];
}

/** An experiment with the text that it was read from. */
export interface Experiment {
	/** What errors and results call it, such as the file's name. */
	readonly name: string;
	readonly text: string;
	readonly data: ExperimentData;
	/** `name:line:column` of a value, or of the nearest thing above it that is there. */
	at(path: DataPath): string;
	/** An error of the work with the place in the file that it is about in front, where its message names one. */
	locate(error: unknown): unknown;
}

/**
 * Reads an experiment, YAML or JSON.
 * @param name what errors call it. Default "experiment"
 * @throws {ExperimentError} `name:line:column: what, what is allowed`, for text that does not parse, keys that are
 * unknown, and interventions and metrics that are none
 */
export function parseExperiment(text: string, name = "experiment"): Experiment {
	if (text.length > MAX_EXPERIMENT_TEXT) {
		throw new ExperimentError(`${name}: ${text.length} letters, allowed up to ${MAX_EXPERIMENT_TEXT}`);
	}
	const places = new YamlPlaces(text, name);
	const result = check(experimentSchema, places.data);
	if (!result.success) {
		const { issues } = result.error;
		// a key that is misspelt is missing too
		const unknown = issues.find((issue) => issue.code === "unrecognized_keys");
		return failBy(places, unknown ?? (issues[0] as z.core.$ZodIssue));
	}
	const given = result.data;
	checkRows(places, given);
	const locate = (error: unknown): unknown => located(places, error);
	try {
		const interventions = parseInterventions(given.interventions ?? []);
		const metrics = given.metrics.map((metric, i) => {
			const data = parseMetric(metric, `metrics[${i}]`);
			return typeof metric === "string" ? metric : data;
		});
		checkNames(places, given, interventions);
		return { name, text, data: { ...given, interventions, metrics }, at: (path) => places.at(path), locate };
	} catch (error) {
		throw locate(error);
	}
}

/** What keys may stand together. */
function checkRows(places: YamlPlaces, data: z.output<typeof experimentSchema>): void {
	const has = (key: keyof typeof data): boolean => data[key] !== undefined;
	if (has("model") === has("run")) {
		places.fail([], `an experiment is about one of model and run, got ${has("model") ? "both" : "neither"}`);
	}
	const [first, second] = (["prompts", "ids", "text"] as const).filter(has);
	if (second !== undefined) places.fail([], `rows come from one of ${first} and ${second}, got both`, second);
	const ofTokens = (["prompts", "ids", "text", "bos", "mask", "period"] as const).find(has);
	if (has("run") && ofTokens !== undefined) {
		places.fail([], `${ofTokens} is about token ids; a run is measured on sequences of its own`, ofTokens);
	}
	if (has("run") && (data.samples?.task ?? data.samples?.range) !== undefined) {
		const key = data.samples?.task === undefined ? "range" : "task";
		places.fail(["samples"], `${key} is about token ids; a run is measured on sequences of its own`, key);
	}
	const withIds = (["mask", "period"] as const).find(has);
	if (withIds !== undefined && !has("ids")) places.fail([], `${withIds} goes with ids`, withIds);
	if ((has("prompts") || has("ids")) && has("samples")) {
		places.fail([], `samples are made; here the rows are ${has("ids") ? "ids" : "prompts"}`, "samples");
	}
	if (has("text") && data.samples?.task !== undefined) {
		places.fail(["samples"], "task makes random rows; here they are cut from a text", "task");
	}
	for (const [name, donor] of Object.entries(data.donors ?? {})) {
		if (typeof donor === "string" || "file" in donor) continue;
		if ((donor.prompts === undefined) === (donor.ids === undefined)) {
			places.fail(["donors", name], `donor "${name}" needs one of prompts and ids`);
		}
		if (has("run"))
			places.fail(["donors", name], "a run has no prompts or ids; allowed are unchanged and file");
	}
}

/** What interventions take by name is there, and what is there is taken. */
function checkNames(
	places: YamlPlaces,
	{ donors = {}, dictionaries = {} }: Pick<ExperimentData, "donors" | "dictionaries">,
	interventions: readonly Intervention[],
): void {
	checkTaken("donor", "from", "donors", Object.keys(donors), [CLEAN]);
	checkTaken("dictionary", "dictionary", "dictionaries", Object.keys(dictionaries));

	function checkTaken(
		what: string,
		field: string,
		key: string,
		given: readonly string[],
		always: readonly string[] = [],
	): void {
		const there = new Set<unknown>([...given, ...always]);
		const taken = interventions.map((one) => (one as Readonly<Record<string, unknown>>)[field]);
		for (const [i, name] of taken.entries()) {
			if (name === undefined || there.has(name)) continue;
			const allowed = [...there].join(", ") || `the names of "${key}", which has none`;
			places.fail(["interventions", i, field], `no ${what} "${name}", allowed ${allowed}`);
		}
		const used = new Set(taken);
		const idle = given.find((name) => !used.has(name));
		if (idle !== undefined) places.fail([key], `no intervention takes ${what} "${idle}"`, idle);
	}
}

function failBy(places: YamlPlaces, issue: z.core.$ZodIssue): never {
	const path = issue.path as DataPath;
	const where = path.length === 0 ? "an experiment" : pathText(path);
	if (issue.code === "unrecognized_keys") {
		const [key = ""] = issue.keys;
		const known = keysAt(path);
		const near =
			known.length > 0 ? `, nearest is "${nearest(key, known, 1)[0]}"; allowed ${known.join(", ")}` : "";
		return places.fail(path, `unknown key "${key}" of ${where}${near}`, key);
	}
	const missing =
		issue.code === "invalid_type" && path.length > 0 && valueAt(places.data, path) === undefined;
	if (missing) return places.fail(path.slice(0, -1), `${where} is missing`);
	return places.fail(path, `${where}: ${issue.message}`);
}

/** The keys that an experiment may have at a place. */
function keysAt(path: DataPath): string[] {
	if (path.length === 0) return Object.keys(experimentSchema.shape);
	const field = (experimentSchema.shape as Readonly<Record<string, z.ZodMiniType>>)[String(path[0])];
	const inside = field?.type === "optional" ? (field as z.ZodMiniOptional).def.innerType : field;
	return inside && "shape" in inside ? Object.keys((inside as z.ZodMiniObject).shape) : [];
}

/** Errors about what a file says begin with their place in the data; theirs in the text goes in front. */
function located(places: YamlPlaces, error: unknown): unknown {
	const known = [InterventionError, MetricError, ModelError];
	if (!(error instanceof Error && known.some((kind) => error instanceof kind))) return error;
	const [where, top] =
		/^(interventions|metrics|ids|mask|prompts)(?:\.\w[\w-]*|\[\d+\])*/.exec(error.message) ?? [];
	if (where === undefined || top === undefined) return error;
	const inner = [...where.slice(top.length).matchAll(/\.(\w[\w-]*)|\[(\d+)\]/g)];
	const path = [top, ...inner.map(([, key, index]) => key ?? Number(index))];
	const [, key] = /^[^"]*: unknown "([^"]*)"/.exec(error.message) ?? [];
	return new ExperimentError(`${places.at(path, key)}: ${error.message}`, { cause: error, path });
}

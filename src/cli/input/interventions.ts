import { type Intervention, parseInterventions } from "../../interventions/index.js";
import { UsageError } from "../errors.js";
import { readJsonFile } from "./read-file.js";

/**
 * Reads `--intervene`: an intervention or a list of them, as JSON in the option itself or in a file.
 * @throws {UsageError} for what is no JSON, {InterventionError} for what is no intervention; both name the place
 */
export async function readInterventions(given: string): Promise<Intervention[]> {
	const inline = /^\s*[[{]/.test(given);
	const data = inline ? parseInline(given) : await readJsonFile(given);
	return parseInterventions(Array.isArray(data) ? data : [data], inline ? "--intervene" : given);
}

function parseInline(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new UsageError(`--intervene: is not JSON: ${(error as Error).message}`);
	}
}

import { type Intervention, type PatternRows, parseInterventions } from "../../../interventions/index.js";
import { cutPattern } from "../../../interventions/pattern-matrix.js";
import { editsOf } from "../../../interventions/registry.js";
import { relativeChange } from "../../../patching/compare.js";
import type { Run } from "../../../runs/run.js";
import type { Cli } from "../../cli.js";
import type { PatchOptions } from "../../commands/icl/patch.js";
import { UsageError } from "../../errors.js";
import { kindOf } from "../../input/ids-file.js";
import { readJsonFile } from "../../input/read-file.js";
import { openRun } from "../../open/open-run.js";
import { table } from "../../output/table.js";

/** What `headscope icl patch RUN --json` prints. A change from 0 is null. */
export interface PatchResult {
	readonly run: string;
	readonly step: number;
	readonly interventions: readonly Intervention[];
	readonly before: Readonly<Record<string, number>>;
	readonly after: Readonly<Record<string, number>>;
	/** (after - before) / before */
	readonly relative: Readonly<Record<string, number>>;
}

/** Evaluates a run as it is and with other heads. */
export async function patch(cli: Cli, ref: string, options: PatchOptions): Promise<void> {
	const interventions = await readChanges(options);
	await using run = await openRun(cli, ref, options);
	checkAgainst(interventions, run);
	const { keys } = options;
	const before = (await run.evaluate(run.model, { keys })).metrics;
	cli.signal.throwIfAborted();
	const predictor = (...[xs, ys]: Parameters<typeof run.model.predict>) =>
		run.model.predict(xs, ys, { interventions });
	const after = (await run.evaluate(predictor, { keys })).metrics;
	const relative = relativeChange(before, after);
	await cli.result(
		(): PatchResult => ({ run: run.name, step: run.step, interventions, before, after, relative }),
		() => `${run.name}, step ${run.step}\n${describe(interventions)}\n\n${changes(before, after, relative)}`,
	);
}

/** The interventions that the options name. @throws {UsageError} {InterventionError} */
async function readChanges(options: PatchOptions): Promise<Intervention[]> {
	const strength = options.strength === undefined ? {} : { strength: readStrength(options.strength) };
	const patterns = await Promise.all(listOf(options.heads).map((part) => readPattern(part, options)));
	const ablations = (["zero", "mean"] as const).flatMap((kind) => {
		const heads = options[kind];
		if (heads === undefined) return [];
		return [{ kind, heads: heads.trim() === "all" ? ("all" as const) : listOf(heads) }];
	});
	const all = [...patterns, ...ablations].map((data) => ({ ...data, ...strength }));
	if (all.length === 0) throw new UsageError("nothing to change; give --heads, --zero or --mean");
	return all.flatMap((data) => parseInterventions([data], optionOf(data.kind)));
}

/** The option that an intervention came from, as errors name it. */
function optionOf(kind: string): string {
	return kind === "replace-pattern" ? "--heads" : `--${kind}`;
}

function listOf(text = ""): string[] {
	return text
		.split(",")
		.map((part) => part.trim())
		.filter(Boolean);
}

/** One part of `--heads`: HEAD=PATTERN or HEAD=@FILE. */
async function readPattern(
	part: string,
	{ normalize }: PatchOptions,
): Promise<{ kind: "replace-pattern"; heads: string[]; pattern: string | PatternRows; normalize?: boolean }> {
	const [head = "", pattern] = part.split(/=(.*)/s);
	if (!pattern)
		throw new UsageError(`--heads: got ${JSON.stringify(part)}, allowed HEAD=PATTERN or HEAD=@FILE`);
	const data = { kind: "replace-pattern" as const, heads: [head.trim()] };
	if (!pattern.startsWith("@")) return { ...data, pattern: pattern.trim() };
	return {
		...data,
		pattern: await readMatrix(pattern.slice(1).trim()),
		...(normalize !== undefined && { normalize }),
	};
}

async function readMatrix(path: string): Promise<PatternRows> {
	const rows = await readJsonFile(path);
	const shape = "expected rows of numbers [query][key]";
	if (!Array.isArray(rows) || rows.length === 0)
		throw new UsageError(`${path}: ${shape}, got ${kindOf(rows)}`);
	for (const [query, row] of rows.entries()) {
		const wrong = Array.isArray(row) ? row.find((share) => typeof share !== "number") : row;
		if (wrong !== undefined) throw new UsageError(`${path}: ${shape}, but in [${query}] is ${kindOf(wrong)}`);
	}
	return rows as number[][];
}

function readStrength(text: string): number {
	const strength = Number(text);
	if (text.trim() === "" || !(strength >= 0 && strength <= 1))
		throw new UsageError(`--strength: got ${JSON.stringify(text)}, allowed 0 to 1`);
	return strength;
}

/** Checks heads and matrices before anything is evaluated. @throws {InterventionError} */
function checkAgainst(interventions: readonly Intervention[], { model, config }: Run): void {
	for (const data of interventions) {
		editsOf([data], model.model.sizes, optionOf(data.kind));
		if (data.kind !== "replace-pattern" || typeof data.pattern === "string") continue;
		const length = 2 * config.task_config.max_examples;
		cutPattern(data.pattern, length, data.normalize, `--heads: pattern of ${data.heads}`);
	}
}

/** A line for each intervention. */
function describe(interventions: readonly Intervention[]): string {
	return interventions
		.map((data) => {
			const heads = "heads" in data && typeof data.heads === "object" ? data.heads.join(", ") : "all heads";
			const strength = data.strength === undefined ? "" : `, strength ${data.strength}`;
			if (data.kind !== "replace-pattern") return `${heads}: ${data.kind}${strength}`;
			return `${heads}: ${typeof data.pattern === "string" ? data.pattern : "a drawn pattern"}${strength}`;
		})
		.join("\n");
}

function changes(
	before: PatchResult["before"],
	after: PatchResult["after"],
	relative: PatchResult["relative"],
): string {
	const number = (value: number | undefined): string => (value ?? Number.NaN).toPrecision(4);
	return table(
		[
			{ title: "METRIC" },
			{ title: "BEFORE", right: true },
			{ title: "AFTER", right: true },
			{ title: "(AFTER-BEFORE)/BEFORE", right: true },
		],
		Object.entries(before).map(([name, value]) => {
			const change = relative[name] ?? Number.NaN;
			return [name, number(value), number(after[name]), `${change > 0 ? "+" : ""}${change.toFixed(4)}`];
		}),
	);
}

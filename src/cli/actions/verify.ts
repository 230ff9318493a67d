import { fileURLToPath } from "node:url";
import { DEMO_MODELS, demoFolder } from "../../models/load-model.js";
import { counted } from "../../shared/counted.js";
import {
	type Finding,
	type Reference,
	readReference,
	referenceSnippet,
	type Verification,
	verifyModel,
} from "../../verify/index.js";
import { readSafetensors } from "../../weights/index.js";
import type { Cli } from "../cli.js";
import type { VerifyOptions } from "../commands/verify.js";
import { UsageError } from "../errors.js";
import { readBytes, readTextFile } from "../input/read-file.js";
import { rounded } from "../input/score-samples.js";
import { loadFor } from "../open/open.js";
import { table, wrap } from "../output/table.js";

/** What `headscope verify --json` prints; numbers have 7 significant digits, null stands for what is no number. */
export interface VerifyResult extends Omit<Verification, "findings"> {
	readonly model: string;
	/** Name of the family, as `headscope models` lists it. */
	readonly architecture: string;
	/** The file of the reference, or null. */
	readonly reference: string | null;
	readonly findings: readonly Finding[];
}

/** What the demo models can read. */
const DEMO_PROMPT = "red fox moon bread king red fox moon bread";

/** Checks a model. @throws {Error} which makes the exit code 1, once the findings are printed, where a check failed */
export async function verify(cli: Cli, ref: string, options: VerifyOptions): Promise<void> {
	if (options.snippet) {
		const demo = DEMO_MODELS.has(ref);
		const code = demo ? referenceSnippet(fileURLToPath(demoFolder(ref)), DEMO_PROMPT) : referenceSnippet(ref);
		await cli.result(
			() => ({ snippet: code }),
			() => code,
		);
		return;
	}
	const reference = options.reference === undefined ? undefined : await openReference(options.reference);
	const text = options.textFile === undefined ? undefined : await readTextFile(options.textFile);
	await using model = await loadFor(cli, ref, options);
	const found = await verifyModel(model, {
		...(reference && { reference }),
		...(text !== undefined && { text }),
		...(options.checks && {
			checks: options.checks.flatMap((list) => list.split(",")).map((name) => name.trim()),
		}),
		...(options.tolerance !== undefined && { tolerance: options.tolerance }),
		onProgress: cli.progress.onStep("Checking"),
		signal: cli.signal,
	});
	const result: VerifyResult = {
		model: ref,
		architecture: model.family.name,
		reference: options.reference ?? null,
		...found,
		findings: found.findings.map(roundedFinding),
	};
	await cli.result(
		() => result,
		() => describe(result, Math.min(cli.width, 110)),
	);
	const failed = found.findings.filter(({ status }) => status === "failed");
	if (failed.length > 0) {
		const names = failed.map(({ check }) => check).join(", ");
		throw new Error(`${ref}: ${failed.length} of ${found.findings.length} checks failed: ${names}`);
	}
}

/** Reads `--reference`. @throws {UsageError} for a file that cannot be read */
async function openReference(path: string): Promise<Reference> {
	const bytes = await readBytes(path);
	try {
		return readReference(await readSafetensors(bytes));
	} catch (error) {
		throw new UsageError(
			`--reference ${path}: ${(error as Error).message.replace(/^(bytes|reference): /, "")}`,
		);
	}
}

function roundedFinding(finding: Finding): Finding {
	const { measured, allowed } = finding;
	return {
		...finding,
		...(measured !== undefined && { measured: rounded(measured) }),
		...(allowed !== undefined && { allowed: rounded(allowed) }),
	};
}

function describe(
	{ model, architecture, findings, place, passed, sees, cannotSee }: VerifyResult,
	width: number,
): string {
	const rows = findings.map(({ check, status, place, detail }) => [
		check,
		status,
		place === undefined ? detail : `${place}: ${detail}`,
	]);
	const judged = findings.filter(({ status }) => status === "passed" || status === "failed").length;
	const failed = findings.filter(({ status }) => status === "failed").length;
	const verdict = passed
		? `No fault found: ${counted(judged, "check")} could be judged and passed.`
		: `${failed} of ${judged} checks failed${place === undefined ? "" : `; the first fault: ${place}`}.`;
	const list = (items: readonly string[]): string =>
		items.map((item) => wrap(`- ${item}`, width - 2).replaceAll("\n", "\n  ")).join("\n");
	return [
		`${model}: ${architecture}`,
		table([{ title: "CHECK" }, { title: "RESULT" }, { title: "FOUND" }], rows, width),
		verdict,
		...(sees.length > 0 ? [`What these checks see:\n${list(sees)}`] : []),
		`What they cannot see:\n${list(cannotSee)}`,
	].join("\n\n");
}

import { extname } from "node:path";
import {
	directAttribution,
	LENS_POINTS,
	type LensPoint,
	logitLens,
	UNITS,
	type Unit,
} from "../../lens/index.js";
import { parsePositions, type RowPositions } from "../../metrics/positions.js";
import type { Model } from "../../models/model.js";
import type { Tensor } from "../../tensor/index.js";
import type { Cli } from "../cli.js";
import type { LensOptions } from "../commands/lens.js";
import { UsageError } from "../errors.js";
import { encodeInput, type GivenInput, type Input, readInput } from "../input/input.js";
import { loadFor } from "../open/open.js";
import { isRun, openHeads } from "../open/open-heads.js";
import { runSample } from "../open/run-batch.js";
import { runResult } from "../open/run-result.js";
import {
	type DirectResult,
	directResult,
	type LensResult,
	lensResult,
	type Subject,
} from "../output/lens-result.js";
import { directText, lensText } from "../output/lens-text.js";
import { prepareOutput, writeOutput } from "../output/output.js";

/** The logit lens, or with `--direct` direct logit attribution, of one row. */
export async function lens(cli: Cli, ref: string, options: LensOptions): Promise<void> {
	const { out, direct } = options;
	const unit = unitOf(direct);
	const at = pointsOf(options.at);
	const positions = positionsOf(options.positions);
	const run = await isRun(ref, options);
	checkTogether(ref, run, options);
	const given = run ? undefined : await readInput(options);
	const answers = given ? answersOf(given, options) : {};
	if (out !== undefined) await prepareOutput(out, [".svg", ".png"]);
	await using subject = await openSubject(cli, ref, options, given);
	const { model, input, mask } = subject;
	const place = {
		...(mask && { mask }),
		...(positions !== undefined && { positions }),
		run: { signal: cli.signal },
	};
	if (unit !== undefined) {
		// of a run the first example has nothing to go by, so the last x is asked about, whose y comes after it
		const where = run ? { positions: -2, ...place } : place;
		const found = await asOptions(directAttribution(model, input, { ...where, ...answers, by: unit }));
		const result = directResult(subject, found, { by: unit, ...answers });
		await show(
			cli,
			result,
			out,
			(figures) => figures.directFigure(result),
			() => directText(result, options.top ?? 20, cli.width),
		);
		return;
	}
	const found = await asOptions(
		logitLens(model, input, {
			...place,
			...answers,
			...(at && { at }),
			...(!run && { top: options.top ?? 5 }),
		}),
	);
	const result = lensResult(subject, found);
	if (result.positions.length === 0) {
		throw new UsageError(
			`--positions: got ${options.positions}, which holds no x; predictions stand at x tokens`,
		);
	}
	await show(
		cli,
		result,
		out,
		(figures) => figures.lensFigure(result),
		() => lensText(result, cli.width),
	);
}

/** Errors that name an option of the library, with the command's name of it. */
async function asOptions<T>(work: Promise<T>): Promise<T> {
	try {
		return await work;
	} catch (error) {
		const { message } = error as Error;
		const [, name, rest] = /^(answers|wrong|positions|top)(?: of row 0)?(: .*)$/s.exec(message) ?? [];
		if (name === undefined) throw error;
		throw new UsageError(`--${name === "answers" ? "answer" : name}${rest}`, { cause: error });
	}
}

type Figures = typeof import("../output/lens-figures.js");

/** Writes the figure where one was asked for, then the result. */
async function show(
	cli: Cli,
	result: LensResult | DirectResult,
	out: string | undefined,
	draw: (figures: Figures) => string,
	text: () => string,
): Promise<void> {
	if (out !== undefined) {
		const svg = draw(await import("../output/lens-figures.js"));
		const png = extname(out).toLowerCase() === ".png";
		const content = png ? (await import("../../figures/png-node.js")).svgToPng(svg) : svg;
		await writeOutput(out, content, cli.signal);
	}
	await cli.result(
		() => ({ ...result, out: out ?? null }),
		() => (out === undefined ? text() : `${text()}\n\nWrote ${out}`),
	);
}

function unitOf(direct: LensOptions["direct"]): Unit | undefined {
	if (direct === undefined) return undefined;
	if (direct === true) return "component";
	if (UNITS.some((unit) => unit === direct)) return direct as Unit;
	throw new UsageError(`--direct: got "${direct}", allowed ${UNITS.join(", ")}`);
}

function pointsOf(at: LensOptions["at"]): LensPoint[] | undefined {
	return at
		?.flatMap((list) => list.split(","))
		.map((name) => {
			const point = LENS_POINTS.find((known) => known === name.trim().replaceAll("-", "_"));
			if (point) return point;
			throw new UsageError(`--at: no point "${name}", allowed ${LENS_POINTS.join(", ")}`);
		});
}

function positionsOf(text: string | undefined): RowPositions | undefined {
	if (text === undefined) return undefined;
	const positions = parsePositions(text);
	if (positions !== undefined) return positions;
	throw new UsageError(`--positions: got "${text}", allowed a position or start:end, such as -1 or 4:8`);
}

function checkTogether(ref: string, run: boolean, options: LensOptions): void {
	const odd = (names: readonly (keyof LensOptions)[]): keyof LensOptions | undefined =>
		names.find((name) => options[name] !== undefined);
	const ofText = odd(["text", "ids", "mask", "bos", "answer", "wrong"]);
	if (run && ofText !== undefined) {
		throw new UsageError(
			`--${ofText} goes with language models; ${ref} is a run, whose lens shows predictions of y`,
		);
	}
	if (run && options.row !== 0)
		throw new UsageError("--row goes with --ids; of a run's batch --sample chooses");
	if (run && options.top !== undefined && options.direct === undefined) {
		throw new UsageError("--top is about tokens; a run predicts numbers");
	}
	const ofRuns = odd(["batch", "sample", "seed", "config", "root"]);
	if (!run && ofRuns !== undefined) {
		throw new UsageError(`--${ofRuns} is about regression runs; ${ref} is none`);
	}
	if (options.wrong !== undefined && options.answer === undefined)
		throw new UsageError("--wrong goes with --answer");
	if (options.direct !== undefined && options.at !== undefined)
		throw new UsageError("--at is about the lens, not --direct");
	if (options.direct !== undefined && !run && options.answer === undefined) {
		throw new UsageError("--direct needs --answer: the token whose logit is taken apart");
	}
}

/** The answers as tokens' texts, with ids as ids. */
function answersOf(
	given: GivenInput,
	{ answer, wrong }: LensOptions,
): { answers?: string | number; wrong?: string | number } {
	const token = (name: "answer" | "wrong", text: string): string | number => {
		if ("text" in given) return text;
		if (/^\d{1,9}$/.test(text)) return Number(text);
		throw new UsageError(`--${name}: got "${text}"; with ids it is a token's id`);
	};
	return {
		...(answer !== undefined && { answers: token("answer", answer) }),
		...(wrong !== undefined && { wrong: token("wrong", wrong) }),
	};
}

/** One row of a language model, or one sequence of a regression run. */
async function openSubject(
	cli: Cli,
	ref: string,
	options: LensOptions,
	given: GivenInput | undefined,
): Promise<Subject & AsyncDisposable> {
	if (!given) {
		const opened = await openHeads(cli, ref, options);
		if (!opened.run) throw new Error(`internal: ${ref} was opened as a language model`);
		const { input, tokens, batch, sample } = runSample(opened.run, options);
		const { model } = opened;
		// the y of an x stands in the next token's first number
		const targets = tokens.map((_, p) => (p % 2 === 0 ? input.at(0, p + 1, 0) : undefined));
		return {
			ref,
			model,
			run: { ...runResult(opened.run), batch, sample },
			input,
			tokens,
			targets,
			[Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
		};
	}
	const { row } = options;
	let found: Input | undefined;
	const model: Model = await loadFor(cli, ref, options, async (opened) => {
		found = await encodeInput(given, opened);
		if (row >= found.ids.length)
			throw new UsageError(`--row: got ${row}, allowed 0..${found.ids.length - 1}`);
	});
	const { ids, mask, tokens } = found as unknown as Input;
	// padding is no token of the row
	const marks = mask?.[row];
	return {
		ref,
		model,
		input: [ids[row] as number[]] as readonly (readonly number[])[] | Tensor<"float32">,
		...(marks && { mask: [marks] }),
		tokens: (tokens[row] as string[]).filter((_, p) => (marks?.[p] ?? 1) === 1),
		[Symbol.asyncDispose]: () => model.dispose(),
	};
}

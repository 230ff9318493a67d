import { basename } from "node:path";
import { type Agreement, agreement } from "../../causal/agreement.js";
import { type RankedCell, rankCells, sumPositions } from "../../causal/attribution-cells.js";
import { attributionFigure, pathFigure, type ShownAttribution } from "../../causal/attribution-figures.js";
import { type Attribution, attributionPatching } from "../../causal/attribution-patching.js";
import {
	type AttributionPoint,
	attributionPoint,
	attributionPoints,
} from "../../causal/attribution-points.js";
import { patchActivations } from "../../causal/patch-activations.js";
import { type PathPatching, pathPatching } from "../../causal/path-patching.js";
import { type Nested, Tensor } from "../../tensor/index.js";
import type { Cli } from "../cli.js";
import type { AttributeOptions } from "../commands/attribute.js";
import { UsageError } from "../errors.js";
import { rounded } from "../input/score-samples.js";
import { openPair, type PairResult } from "../open/open-pair.js";
import { agreementText, attributionTable, pathTable, summaryOf } from "../output/attribution-text.js";
import { writeFigure } from "../output/write-figure.js";

/** What `headscope attribute --json` prints; numbers have 7 significant digits, and places without a path are null. */
export interface AttributeResult extends PairResult {
	readonly metric: string;
	/** The metric of both runs: means over rows. */
	readonly clean: number;
	readonly corrupt: number;
	readonly rows: number;
	/** Without --paths. */
	readonly steps?: number;
	readonly points?: Readonly<Record<string, PointResult>>;
	/** With --paths. */
	readonly paths?: PathResult;
}

export interface PointResult {
	/** Names of the axes of `values`, such as layer, pos, head. */
	readonly axes: readonly string[];
	/** Estimated change of the metric. */
	readonly values: Nested;
	/** Summed over positions [layer][head]; absent at points without heads. */
	readonly heads?: Nested;
	readonly ranking: readonly RankedCell[];
	/** With --check: what patching measures, in the places of `heads`, or of `values` at points without heads. */
	readonly patched?: Nested;
	readonly agreement?: Agreement;
}

export interface PathResult {
	readonly norms: string;
	readonly mlps: string;
	readonly senders: readonly string[];
	readonly receivers: readonly string[];
	/** Change of the metric [sender][receiver]. */
	readonly values: readonly (readonly (number | null)[])[];
	readonly ranking: readonly RankedPath[];
}

export interface RankedPath {
	readonly sender: string;
	readonly receiver: string;
	readonly value: number;
}

/** A point's estimates as they are listed and drawn, and how they agree with patching. */
export interface Listed extends ShownAttribution {
	readonly point: AttributionPoint;
	readonly shown: Tensor<"float64">;
	readonly patched?: Tensor<"float64">;
	readonly agreement?: Agreement;
}

export async function attribute(cli: Cli, ref: string, options: AttributeOptions): Promise<void> {
	const { at = ["z"], steps, check, paths, out, top = 10 } = options;
	const points = attributionPoints(
		at.flatMap((list) => list.split(",")).map((name) => name.trim()),
		"--at",
	);
	checkTogether(options);
	await using pair = await openPair(cli, ref, options);
	const { measure, clean, about } = pair;
	const { tokens } = about;
	const { signal } = cli;
	const model = basename(pair.title);

	if (paths) {
		const found = await pathPatching(measure, {
			clean,
			signal,
			...(options.senders !== undefined && { senders: options.senders.split(",") }),
			...(options.receivers !== undefined && { receivers: options.receivers.split(",") }),
			...(options.norms !== undefined && { norms: options.norms as PathPatching["norms"] }),
			...(options.mlps !== undefined && { mlps: options.mlps as PathPatching["mlps"] }),
			onProgress: cli.progress.onStep("Patching paths"),
		});
		const written = out === undefined ? [] : await writeFigure(cli, out, pathFigure(found, { model }));
		const ranking = rankPaths(found);
		await cli.result(
			(): AttributeResult => ({
				...about,
				...head(found),
				paths: pathResult(found, ranking.slice(0, options.top)),
			}),
			() => [summaryOf(found, pair), pathTable(ranking.slice(0, top)), ...written].join("\n\n"),
		);
		return;
	}

	const found = await attributionPatching(measure, {
		clean,
		at: points,
		signal,
		...(steps !== undefined && { steps }),
		onProgress: cli.progress.onStep("Attributing rows"),
	});
	const listed: Listed[] = [];
	for (const point of points) {
		const values = found.points.get(point) as Tensor<"float64">;
		const shown = attributionPoint(point).axes.length > 1 ? sumPositions(values) : values;
		listed.push({ point, shown, ...(check && (await checked(cli, point, shown))) });
	}
	const written =
		out === undefined
			? []
			: await writeFigure(
					cli,
					out,
					attributionFigure(listed, {
						model,
						tokens: tokens.corrupt,
					}),
				);
	await cli.result(
		(): AttributeResult => ({
			...about,
			...head(found),
			steps: found.steps,
			points: Object.fromEntries(listed.map((one) => [one.point, pointResult(found, one, options.top)])),
		}),
		() =>
			[
				summaryOf(found, pair),
				...listed.flatMap((one) => [
					attributionTable(one, top, tokens.corrupt),
					...(one.agreement ? [agreementText(one.agreement)] : []),
				]),
				...written,
			].join("\n\n"),
	);

	async function checked(
		{ progress }: Cli,
		point: AttributionPoint,
		shown: Tensor,
	): Promise<Pick<Listed, "patched" | "agreement">> {
		const { values, corrupt } = await patchActivations(measure, {
			clean,
			at: point,
			signal,
			onProgress: progress.onStep(`Patching ${point}`),
		});
		const changes = values.data.map((value) => value - corrupt);
		const patched = new Tensor("float64", values.shape, changes, values.axes);
		return { patched, agreement: agreement(shown, patched) };
	}
}

/** @throws {UsageError} for options that do not go together */
function checkTogether({ at, steps, check, paths, senders, receivers, norms, mlps }: AttributeOptions): void {
	const refuse = (given: Readonly<Record<string, unknown>>, how: string): void => {
		const odd = Object.entries(given).find(([, value]) => value !== undefined);
		if (odd) throw new UsageError(`--${odd[0]} goes ${how}`);
	};
	if (paths) refuse({ at, steps, check }, "without --paths");
	else refuse({ senders, receivers, norms, mlps }, "with --paths");
}

function head({
	metric,
	clean,
	corrupt,
	rows,
}: Attribution | PathPatching): Pick<AttributeResult, "metric" | "clean" | "corrupt" | "rows"> {
	return { metric, clean: rounded(clean), corrupt: rounded(corrupt), rows };
}

function pointResult(
	found: Attribution,
	{ point, shown, patched, agreement: agreed }: Listed,
	top?: number,
): PointResult {
	const values = found.points.get(point) as Tensor<"float64">;
	return {
		axes: values.axes ?? [],
		values: roundedTensor(values),
		...(shown !== values && { heads: roundedTensor(shown) }),
		ranking: rankCells(shown, top).map(({ cell, value }) => ({ cell, value: rounded(value) })),
		...(patched && { patched: roundedTensor(patched) }),
		...(agreed && { agreement: roundedAgreement(agreed) }),
	};
}

function roundedAgreement({ pearson, spearman, sameSign, largest, ...counts }: Agreement): Agreement {
	return {
		...counts,
		pearson: rounded(pearson),
		spearman: rounded(spearman),
		sameSign: rounded(sameSign),
		largest: largest.map(({ cell, estimated, measured, difference }) => ({
			cell,
			estimated: rounded(estimated),
			measured: rounded(measured),
			difference: rounded(difference),
		})),
	};
}

function roundedTensor({ shape, data }: Tensor<"float64">): Nested {
	return new Tensor("float64", shape, data.map(rounded)).toNested();
}

/** Every path by the magnitude of its change, largest first. */
function rankPaths({ senders, receivers, values }: PathPatching): RankedPath[] {
	return senders
		.flatMap((sender, s) => receivers.map((receiver, r) => ({ sender, receiver, value: values.at(s, r) })))
		.filter(({ value }) => !Number.isNaN(value))
		.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
}

function pathResult(
	{ norms, mlps, senders, receivers, values }: PathPatching,
	ranking: readonly RankedPath[],
): PathResult {
	return {
		norms,
		mlps,
		senders,
		receivers,
		values: (values.toNested() as number[][]).map((row) =>
			row.map((value) => (Number.isNaN(value) ? null : rounded(value))),
		),
		ranking: ranking.map((path) => ({ ...path, value: rounded(path.value) })),
	};
}

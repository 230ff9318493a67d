import type { Tensor } from "headscope";
import { type LogitLens, logitLens } from "headscope/lens";
import type { MethodContext } from "../method.js";
import type { LensParams } from "../methods/lens.js";
import type { Token } from "../rows.js";
import { answerId, likeliest, type NamedToken, namedToken } from "./answers.js";
import { type Both, onlyRow, readBoth } from "./changed-run.js";

/** What the model would say at each point of the stream and each position. */
export interface LensReading extends Both<LensSide> {
	readonly tokens: readonly Token[];
	/** Points of the stream, in the order of the run: "0_pre", ..., "final_post". */
	readonly labels: readonly string[];
	/** The token that is tracked. */
	readonly tracked: NamedToken;
	/** Every token that is named by id, by its id. */
	readonly names: Readonly<Record<string, NamedToken>>;
}

/** One model's reading. */
export interface LensSide {
	/** int32 [point, pos, k], best first, and float32 of the same shape: natural logarithms. */
	readonly ids: Tensor<"int32">;
	readonly logProbs: Tensor<"float32">;
	/** Of the tracked token, float32 [point, pos]: log-probability, and how many tokens have a higher logit. */
	readonly trackedLogProbs: Tensor<"float32">;
	readonly trackedRanks: Tensor<"float32">;
}

/** Reads a prompt in the model as it is, and as it is changed. */
export async function lens(given: LensParams, { state, signal }: MethodContext<never>): Promise<LensReading> {
	const { model } = state.model(given.model);
	const tokens = onlyRow(model, given);
	const ids = tokens.map(({ id }) => id);
	const tracked =
		given.track === undefined
			? (await likeliest(model, [ids], 1, { signal }))[0]?.[0]
			: answerId(model, given.track, "track");
	const { at, top } = given;
	const options = { at, top: Math.min(top, model.config.vocab), answers: tracked as number };
	let labels: readonly string[] = [];
	const sides = await readBoth({ host: state.host, model, ids, given }, async (run): Promise<LensSide> => {
		signal.throwIfAborted();
		const found = await logitLens(model, [ids], { ...options, run: { ...run, signal } });
		labels = found.labels;
		return sideOf(found);
	});
	const named = new Set([...sides.clean.ids.data, ...(sides.changed?.ids.data ?? [])]);
	return {
		tokens,
		labels,
		tracked: namedToken(model, tracked as number),
		...sides,
		names: Object.fromEntries([...named].map((id) => [id, namedToken(model, id)])),
	};
}

/** Without the axis of the one row. */
function sideOf({ top, answer }: LogitLens): LensSide {
	if (!top || !answer) throw new Error("internal: a lens without tokens");
	const [points = 0, , pos = 0, k = 0] = top.ids.shape;
	return {
		ids: top.ids.reshape([points, pos, k]),
		logProbs: top.logProbs.reshape([points, pos, k]),
		trackedLogProbs: answer.logProbs.reshape([points, pos]),
		trackedRanks: answer.ranks.reshape([points, pos]),
	};
}

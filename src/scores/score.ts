import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import type { Tensor } from "../tensor/index.js";
import type { Row, Rows } from "./row.js";

/** Points of a layer that a score may read, all inside `attn`: hook_pattern, hook_result. */
export type Point = "pattern" | "result";

/** Samples that a score is made for; `recall` are those of regression runs. */
export type SampleKind = "abxa" | "repeat" | "repeat-4" | "random" | "recall";

/** For token ids, what makes a residual stream raise their logits: float32 [id, d_model]. */
export type UnembeddingRows = (ids: readonly number[]) => Tensor<"float32">;

/**
 * A score of attention heads: one record in one file and one line in the registry. It is computed twice:
 * `graph` reduces a layer inside the compiled model, so that only one number per sample and head leaves it,
 * and `host` computes the same from tensors and is its oracle. What depends on the tokens is prepared on the
 * host and fed.
 */
export interface HeadScore {
	readonly name: string;
	/** One line: what a high score means. */
	readonly doc: string;
	/** Least and greatest value. */
	readonly range: readonly [number, number];
	/** What it is computed on where no tokens are given. */
	readonly samples: SampleKind;
	readonly needs: readonly Point[];
	/** Whether `feeds` is given rows of the unembedding. */
	readonly needsUnembedding?: boolean;
	/**
	 * Whether there is a paired control: the same rows with the tokens at `queries` replaced by tokens that do
	 * not occur, scored at the same places. What is left of the score there has nothing to do with the tokens.
	 */
	readonly control: boolean;
	/** Variants by name: `induction-repeat:tl-compatible`. */
	readonly modes?: Readonly<Record<string, HeadScore>>;
	/** Positions (indices into the row's tokens) whose attention is scored. None: the row cannot be scored. */
	queries(row: Row): readonly number[];
	/** What a head that attends to every visible position alike would score. */
	baseline(row: Row): number;
	/** The tensors that `graph` declares as inputs, by name. */
	feeds(rows: Rows, unembedding?: UnembeddingRows): Readonly<Record<string, Tensor>>;
	/** One layer inside the graph: [batch, head]. Patterns are [batch, head, query, key], results [batch, pos, head, d_model]. */
	graph(at: (point: Point) => Value, g: G): Value;
	/** The same from tensors: [batch, head]. Writes to none of them. */
	host(at: (point: Point) => Tensor, feeds: Readonly<Record<string, Tensor>>): Tensor<"float32">;
	/** The points of a layer whose only head is as the score wants it, and what that head scores. */
	ideal(rows: Rows, unembedding?: UnembeddingRows): { points: Partial<Record<Point, Tensor>>; score: number };
}

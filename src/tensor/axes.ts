/**
 * The one glossary of axis names, used in types, comments, errors, caches and figure labels.
 *
 * - `batch`, `pos`: samples and token positions; `query` and `key` are positions seen from
 *   attention (rows attend, columns are attended to).
 * - `head`, `kv_head`: attention heads; with grouped-query attention query head h reads
 *   kv head `floor(h / (nHeads / nKvHeads))`.
 * - `d_model`, `d_head`, `d_mlp`, `vocab`: widths.
 * - `layer`, `component`: stacked blocks and stacked parts of the residual stream.
 * - `task`, `example`: in-context regression.
 * - `sender`, `receiver`: what writes to the residual stream and what reads it, of a path.
 */
export const AXES = [
	"batch",
	"pos",
	"query",
	"key",
	"head",
	"kv_head",
	"d_model",
	"d_head",
	"d_mlp",
	"vocab",
	"layer",
	"component",
	"task",
	"example",
	"sender",
	"receiver",
] as const;

/** A name of an axis, as in comments, errors, caches and figures. */
export type Axis = (typeof AXES)[number];

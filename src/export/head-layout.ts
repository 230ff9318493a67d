/**
 * The data layout of HeadVis (Luger, Kamath et al. 2026), as its page and Neuronpedia's importers read it:
 * `config.json`, `scatter_data.json`, `heads/L{layer}H{head}.json`, and two stubs that say there is no server.
 */

/** What is measured of each head on all rows. */
export const HEAD_METRICS = {
	self_attention_score: "Mean attention of a position to itself.",
	prev_token_score: "Mean attention to the token right before.",
	pattern_entropy: "Mean entropy of a query's attention, in nats.",
	qk_distance: "Mean distance from query to key in tokens, weighted by attention.",
	qk_distance_variance: "Variance of that distance.",
	induction_score:
		"Attention to tokens that follow an earlier occurrence of the query's token, summed from 0.01 up, mean over queries whose token occurred before.",
} as const;

/** A metric's name. */
export type HeadMetric = keyof typeof HEAD_METRICS;

/** A head in `scatter_data.json`; null where no row says anything. 4 decimals. */
export type ScatterRow = { readonly layer: number; readonly head: number } & Readonly<
	Record<HeadMetric, number | null>
>;

/** A row with one head's attention, sparse. */
export interface HeadSequence {
	/** Which row it is, from 0. */
	readonly sequence_id: number;
	/** How strong the head is on it: 1 (weakest) to `n_intervals`, as many rows in each. */
	readonly interval: number;
	readonly tokens: readonly string[];
	/** `query * seq_len + key` of each entry, ascending. */
	readonly attention_indices: readonly number[];
	/** Attention at these, 4 decimals. */
	readonly attention_values: readonly number[];
	readonly seq_len: number;
	/** Largest attention that neither comes from nor goes to the first position. */
	readonly max_activation: number;
}

/** A histogram: one edge more than values. */
export interface Histogram {
	readonly bin_edges: readonly number[];
	readonly bin_values: readonly number[];
}

/** A token's text with the attention that comes from or goes to it. */
export interface TokenWeight {
	readonly token: string;
	readonly weight: number;
}

/** `heads/L{layer}H{head}.json`. */
export interface HeadFile {
	readonly sequences: readonly HeadSequence[];
	/** Attention of the kept entries by distance in tokens. */
	readonly qk_distance_histogram: Histogram;
	readonly top_query_tokens: readonly TokenWeight[];
	readonly top_key_tokens: readonly TokenWeight[];
	/** `max_activation` of all rows. */
	readonly histogram: Histogram;
	readonly statistics: { readonly n_samples: number; readonly mean_max_activation: number | null };
}

/** How sequences are thinned out. */
export const SAMPLING = {
	/** Groups of equal size by `max_activation`. */
	n_intervals: 5,
	samples_per_interval: 3,
	/** Of the strongest group, the strongest. */
	samples_per_top_interval: 10,
	/** Keys of a query that are kept. */
	sparse_topk_per_row: 8,
	/** Attention below this is left out. */
	sparse_threshold: 0.005,
	/** Attention that counts in the induction score. */
	induction_attention_threshold: 0.01,
} as const;

/** What a run was about, for `config.json`. */
export interface LayoutFacts {
	readonly model: string;
	/** What the rows are: "repeat", "prompts". */
	readonly dataset: string;
	readonly rows: number;
	/** Tokens of the longest row. */
	readonly length: number;
	readonly nLayers: number;
	readonly nHeads: number;
	readonly seed: number;
}

/** `config.json`: what the page shows, and under `pipeline_config` how the data was made. */
export function layoutConfig(facts: LayoutFacts): Record<string, unknown> {
	const { model, dataset, rows, length, nLayers, nHeads, seed } = facts;
	const layers = Array.from({ length: nLayers }, (_, layer) => layer);
	const id = model.replace(/[^\w.-]+/g, "-");
	return {
		model_name: model,
		np_model_id: id,
		dataset_name: dataset,
		heads: layers.flatMap((layer) => Array.from({ length: nHeads }, (_, head) => [layer, head])),
		n_layers: nLayers,
		n_heads: nHeads,
		n_intervals: SAMPLING.n_intervals,
		metrics: Object.keys(HEAD_METRICS),
		metric_descriptions: HEAD_METRICS,
		head_data_pattern: "L{layer}H{head}.json",
		has_umap: false,
		umap_heads: [],
		custom_plots: [
			{ key: "qk_distance_histogram", label: "Q-K distance" },
			{ key: "histogram", label: "Largest attention" },
		],
		custom_tables: [
			{ key: "top_query_tokens", label: "Top query tokens" },
			{ key: "top_key_tokens", label: "Top key tokens" },
		],
		statistics_display: {
			n_samples: { label: "Rows kept", format: "default" },
			mean_max_activation: { label: "Mean largest attention", format: "default" },
		},
		pipeline_config: {
			model_name: model,
			np_model_id: id,
			dataset_name: dataset,
			n_sequences: rows,
			actual_sequences_processed: rows,
			seq_len: length,
			dtype: "float32",
			attn_implementation: "headscope",
			sample_seed: seed,
			num_hidden_layers: nLayers,
			num_attention_heads: nHeads,
			attention_layer_indices: layers,
			...SAMPLING,
		},
	};
}

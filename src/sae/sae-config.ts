import * as z from "zod/mini";
import { check, text } from "../shared/schemas.js";
import { reject } from "./errors.js";
import type { SaeArchitecture, SaeConfig, SaeNormalization } from "./sae.js";

/** How a folder's weights become features, where that is not told by its `SaeConfig`. */
export interface SaeLayout {
	readonly config: SaeConfig;
	/** The decoder's bias is subtracted from the input. */
	readonly centred: boolean;
	/** Pre-activations are multiplied by the norms of the decoder's rows, and the decoder divided by them. */
	readonly byDecoderNorm: boolean;
	/** A transcoder with a linear path beside its features. */
	readonly skip: boolean;
}

/** What SAELens' names of architectures stand for. */
const ARCHITECTURES: Readonly<Record<string, readonly [SaeArchitecture, "" | "transcoder" | "skip"]>> = {
	standard: ["standard", ""],
	gated: ["gated", ""],
	jumprelu: ["jumprelu", ""],
	topk: ["topk", ""],
	transcoder: ["standard", "transcoder"],
	skip_transcoder: ["standard", "skip"],
	jumprelu_transcoder: ["jumprelu", "transcoder"],
	jumprelu_skip_transcoder: ["jumprelu", "skip"],
};

/** Keys of cfg.json that do not change what is computed: training, data, bookkeeping. Others are refused by name. */
const IGNORED = new Set(
	`device dtype metadata meta model_name model_class_name hook_layer hook_point_layer hook_layer_out prepend_bos
	exclude_special_tokens neuronpedia_id context_size seqpos_slice dataset_path dataset_trust_remote_code
	dataset_tokenized is_dataset_tokenized streaming sae_lens_version sae_lens_training_version
	model_from_pretrained_kwargs model_kwargs from_pretrained_path seed noise_scale mse_loss_normalization l1_coefficient
	l0_coefficient l1_warm_up_steps l0_warm_up_steps lp_norm scale_sparsity_penalty_by_decoder_norm use_ghost_grads
	b_dec_init_method decoder_init_norm decoder_heuristic_init decoder_heuristic_init_norm init_encoder_as_decoder_transpose
	decoder_orthogonal_init normalize_sae_decoder expansion_factor lr lr_end lr_scheduler_name lr_warm_up_steps
	lr_decay_steps train_batch_size_tokens train_batch_size store_batch_size_prompts store_batch_size n_batches_in_buffer
	total_training_tokens training_tokens training_steps tokens_per_buffer finetuning_tokens finetuning_method
	feature_sampling_window feature_sampling_method feature_reinit_scale resample_batches dead_feature_window
	dead_feature_estimation_method dead_feature_threshold dead_feature_window dead_latent_window eval_every_n_wandb_logs
	eval_batch_size_prompts n_eval_batches log_to_wandb log_activations_store_to_wandb log_optimizer_state_to_wandb
	wandb_project wandb_id wandb_entity wandb_log_frequency run_name n_checkpoints checkpoint_path resume verbose
	use_cached_activations cached_activations_path act_store_device autocast autocast_lm compile_llm compile_sae
	llm_compilation_mode sae_compilation_mode adam_beta1 adam_beta2 jumprelu_init_threshold jumprelu_bandwidth
	jumprelu_init_log_threshold jumprelu_sparsity_loss_mode jumprelu_tanh_scale pre_act_loss_coefficient
	aux_loss_coefficient use_sparse_activations sequence_separator_token disable_concat_sequences`.split(/\s+/),
);

const hook = z.nullish(text);
const width = z.int().check(z.positive(), z.maximum(2 ** 24));
const none = z.optional(z.null());
const schema = z.object({
	architecture: z._default(z.string(), "standard"),
	d_in: width,
	d_out: z.nullish(width),
	d_sae: z.int().check(z.positive(), z.maximum(2 ** 26)),
	hook_name: hook,
	hook_point: hook,
	hook_name_out: hook,
	hook_head_index: none,
	hook_head_index_out: none,
	hook_point_head_index: none,
	apply_b_dec_to_input: z.optional(z.boolean()),
	normalize_activations: z.nullish(z.union([z.string(), z.boolean()])),
	reshape_activations: z.nullish(z.enum(["none", "hook_z"])),
	activation_fn: z.nullish(text),
	activation_fn_str: z.nullish(text),
	activation_fn_kwargs: z.nullish(z.record(z.string(), z.unknown())),
	finetuning_scaling_factor: z.optional(z.union([z.literal(false), z.null()])),
	k: z.nullish(z.number().check(z.positive())),
	rescale_acts_by_decoder_norm: z.optional(z.boolean()),
});
type Raw = z.output<typeof schema>;

/** Hook points as SAELens 6 writes them, inside "metadata". */
const metadataSchema = z.looseObject({
	hook_name: hook,
	hook_name_out: hook,
	hook_head_index: none,
	hook_head_index_out: none,
});

/**
 * Reads SAELens' cfg.json of any version.
 * @param hasScale whether the caller gives the scale that "expected_average_only_in" divides by
 * @throws {SaeError} that names the key for what is unknown or not supported
 */
export function parseSaeConfig(cfg: unknown, where: string, hasScale: boolean): SaeLayout {
	if (typeof cfg !== "object" || cfg === null || Array.isArray(cfg)) reject(where, "is not a JSON object");
	const unknown = Object.keys(cfg).find((key) => !(key in schema.shape) && !IGNORED.has(key));
	if (unknown !== undefined) reject(where, `unknown key "${unknown}", which may change the result`);
	const raw = parse(schema, cfg, where);
	const { metadata = {}, meta = metadata } = cfg as { metadata?: unknown; meta?: unknown };
	const about = parse(metadataSchema, meta ?? {}, `${where} metadata`);
	const hookName = raw.hook_name ?? raw.hook_point ?? about.hook_name;
	if (!hookName) reject(where, 'names no hook point: "hook_name", there or in "metadata", is missing');
	const [architecture, form] = architectureOf(raw, where);
	const transcoder = form !== "";
	const hookNameOut = transcoder ? (raw.hook_name_out ?? about.hook_name_out) : hookName;
	if (!hookNameOut) reject(where, 'is a transcoder without "hook_name_out", the point that it predicts');
	if (!transcoder && raw.d_out && raw.d_out !== raw.d_in)
		reject(
			where,
			`d_out ${raw.d_out} differs from d_in ${raw.d_in}, but "${raw.architecture}" is no transcoder`,
		);
	if (transcoder && raw.apply_b_dec_to_input)
		reject(
			where,
			"apply_b_dec_to_input: a transcoder's decoder bias belongs to another point than its input",
		);
	return {
		config: {
			architecture,
			transcoder,
			hookName,
			hookNameOut,
			dIn: raw.d_in,
			dOut: transcoder ? (raw.d_out ?? raw.d_in) : raw.d_in,
			dSae: raw.d_sae,
			...(architecture === "topk" && { k: kOf(raw, where) }),
			normalization: normalizationOf(raw.normalize_activations, where, hasScale),
			joinsHeads: (raw.reshape_activations ?? (hookName.endsWith("hook_z") ? "hook_z" : "none")) === "hook_z",
		},
		centred: !transcoder && (raw.apply_b_dec_to_input ?? true),
		byDecoderNorm: raw.rescale_acts_by_decoder_norm ?? false,
		skip: form === "skip",
	};
}

function architectureOf(raw: Raw, where: string): (typeof ARCHITECTURES)[string] {
	const activation = raw.activation_fn ?? raw.activation_fn_str ?? undefined;
	// before version 6 top-k was an activation function of the standard architecture
	const name = activation === "topk" && raw.architecture === "standard" ? "topk" : raw.architecture;
	const found = Object.hasOwn(ARCHITECTURES, name) ? ARCHITECTURES[name] : undefined;
	if (!found) {
		const known = Object.keys(ARCHITECTURES).join(", ");
		reject(where, `architecture: got "${raw.architecture}", allowed ${known}`);
	}
	const expected = name === "topk" ? ["topk", "relu"] : ["relu"];
	if (activation !== undefined && !expected.includes(activation))
		reject(where, `activation_fn: got "${activation}", allowed ${expected.join(", ")}`);
	if (raw.rescale_acts_by_decoder_norm && name !== "topk")
		reject(where, `rescale_acts_by_decoder_norm: goes with "topk", not "${name}"`);
	return found;
}

function kOf({ k, activation_fn_kwargs: given, d_sae: dSae }: Raw, where: string): number {
	const value = k ?? given?.k;
	if (Number.isInteger(value) && (value as number) > 0 && (value as number) <= dSae) return value as number;
	reject(where, `k: got ${JSON.stringify(value ?? null)}, allowed whole numbers 1..${dSae}`);
}

function normalizationOf(
	given: Raw["normalize_activations"],
	where: string,
	hasScale: boolean,
): SaeNormalization {
	const name = given === true ? "expected_average_only_in" : given || "none";
	if (name === "none" || name === "constant_norm_rescale" || name === "layer_norm") return name;
	if (name !== "expected_average_only_in")
		reject(
			where,
			`normalize_activations: got "${name}", allowed none, constant_norm_rescale, layer_norm, expected_average_only_in`,
		);
	if (!hasScale)
		reject(
			where,
			'normalize_activations: "expected_average_only_in" multiplies the input by a number that the folder does not hold; give it as "activationScale"',
		);
	return "none";
}

function parse<S extends z.ZodMiniType>(schema: S, data: unknown, where: string): z.output<S> {
	const result = check(schema, data);
	if (result.success) return result.data;
	const issue = result.error.issues[0] as z.core.$ZodIssue;
	reject(where, `${issue.path.join(".")}: ${issue.message}`);
}

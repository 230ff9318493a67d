import { Tensor } from "../tensor/index.js";
import type { Tokenizer } from "../tokenizers/index.js";
import { type Batch, type Ids, packBatch, packMask, positionsOf } from "./batch.js";
import { type Dimensions, ModelError } from "./family.js";
import { withPast } from "./past-feeds.js";
import type { ModelInput, RunOptions } from "./run-options.js";
import { FEEDS } from "./trace-model.js";

/** What is fed to a run, and the extents it has. */
export interface Feeds {
	readonly tensors: Readonly<Record<string, Tensor>>;
	readonly batch: number;
	readonly pos: number;
	readonly padded: boolean;
}

/**
 * Checks a run's input against the model and makes its feeds.
 * @param tokenWidth width of a token where tokens are vectors
 */
export function feedsOf(
	input: ModelInput,
	options: RunOptions,
	config: Dimensions,
	tokenizer: Tokenizer | undefined,
	tokenWidth?: number,
): Feeds {
	for (const key of ["startAtLayer", "stopAtLayer"] as const) {
		const layer = options[key];
		if (layer !== undefined && (!Number.isInteger(layer) || layer < 0 || layer > config.nLayers)) {
			throw new ModelError(`${key}: got ${layer}, allowed 0..${config.nLayers}`);
		}
	}
	const { startAtLayer = 0, stopAtLayer = config.nLayers } = options;
	if (startAtLayer > stopAtLayer) {
		throw new ModelError(`startAtLayer: got ${startAtLayer}, which is behind stopAtLayer ${stopAtLayer}`);
	}
	const feeds = ownFeeds(input, options, config, tokenizer, tokenWidth);
	return options.past ? withPast(feeds, options.past, options, config) : feeds;
}

/** The feeds of the input alone. */
function ownFeeds(
	input: ModelInput,
	options: RunOptions,
	config: Dimensions,
	tokenizer: Tokenizer | undefined,
	tokenWidth: number | undefined,
): Feeds {
	if (options.startAtLayer !== undefined) {
		return vectorFeeds(FEEDS.residual, input, config.dModel, options, config);
	}
	if (tokenWidth !== undefined) return vectorFeeds(FEEDS.tokens, input, tokenWidth, options, config);
	const { tokens, mask } = packInput(input, options, config, tokenizer);
	const [batch, pos] = tokens.shape as [number, number];
	return makeFeeds(FEEDS.tokens, tokens, mask, batch, pos);
}

/** Texts, ids or a tensor of ids as one batch. */
export function packInput(
	input: ModelInput,
	options: Pick<RunOptions, "bos" | "mask">,
	config: Dimensions,
	tokenizer: Tokenizer | undefined,
): Batch {
	if (input instanceof Tensor) {
		if (input.dtype !== "int32" || input.shape.length !== 2) {
			throw new ModelError(`input: token ids must be int32[batch, pos], got ${input}`);
		}
		return packBatch(input.toNested() as number[][], config, options.mask);
	}
	const texts =
		typeof input === "string"
			? [input]
			: typeof input[0] === "string"
				? (input as readonly string[])
				: undefined;
	if (!texts) return packBatch(input as Ids, config, options.mask);
	if (!tokenizer)
		throw new ModelError("input: this model came without a tokenizer; give token ids instead of text");
	const bos = options.bos === undefined ? {} : { bos: options.bos };
	return packBatch(
		texts.map((text) => tokenizer.encode(text, bos).ids),
		config,
		options.mask,
	);
}

/** Feeds of a run whose input is a vector at each position: a residual stream, or tokens that are vectors. */
function vectorFeeds(
	name: string,
	input: ModelInput,
	width: number,
	options: RunOptions,
	{ nCtx }: Dimensions,
): Feeds {
	if (
		!(input instanceof Tensor) ||
		input.dtype !== "float32" ||
		input.shape.length !== 3 ||
		input.shape[2] !== width
	) {
		const what =
			name === FEEDS.residual ? "startAtLayer: the input must be a residual stream" : "input: must be";
		const got = input instanceof Tensor ? String(input) : typeof input;
		throw new ModelError(`${what} float32[batch, pos, ${width}], got ${got}`);
	}
	const [batch, pos] = input.shape as [number, number];
	if (pos > nCtx) throw new ModelError(`input: ${pos} positions, but the model's context is ${nCtx}`);
	const mask = options.mask && packMask(options.mask, Array<number>(batch).fill(pos), pos);
	return makeFeeds(name, input, mask, batch, pos);
}

function makeFeeds(
	name: string,
	input: Tensor,
	mask: Tensor<"bool"> | undefined,
	batch: number,
	pos: number,
): Feeds {
	const tensors = {
		[name]: input,
		[FEEDS.positions]: positionsOf(mask, pos),
		...(mask && { [FEEDS.mask]: mask }),
	};
	return { tensors, batch, pos, padded: mask !== undefined };
}

import { actName } from "../hooks/points.js";
import { Tensor } from "../tensor/index.js";
import type { Receiver, Sender } from "./path-nodes.js";

/** One layer of the model on a residual stream with fed activations; the value of one of its points. */
export type RunLayer = (
	layer: number,
	residual: Tensor,
	fed: Readonly<Record<string, Tensor>>,
	wanted: string,
) => Promise<Tensor>;

/** Points of the corrupted run that MLPs following senders on their way to receivers take. */
export function followedPoints(senders: readonly Sender[], receivers: readonly Receiver[]): string[] {
	const first = Math.min(...senders.map(({ layer }) => layer));
	const last = Math.max(...receivers.map(({ layer }) => layer));
	const layers = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
	return [
		...layers.flatMap((layer) => [actName("resid_pre", layer), actName("attn_out", layer)]),
		...senders.filter(({ kind }) => kind === "mlp").map(({ layer }) => actName("resid_post", layer)),
		...receivers.filter(({ kind }) => kind === "mlp").map(({ layer }) => actName("resid_pre", layer)),
	];
}

/**
 * The residual stream of every sender's cell where attention stays as the corrupted run has it and MLPs, each with its
 * norm, are computed on what reaches them. Streams go on from the layer that they have come to, so that receivers
 * should be asked for in the order of layers.
 */
export class FollowedStreams {
	/** Of each sender the stream [row, pos, d_model] before a layer. */
	private readonly reached = new Map<Sender, { layer: number; stream: Float32Array }>();

	constructor(
		/** The corrupted run at `followedPoints`. */
		private readonly base: ReadonlyMap<string, Tensor>,
		/** What each sender wrote in the clean run beyond the corrupted one [row, pos, d_model]. */
		private readonly written: ReadonlyMap<Sender, Float32Array>,
		/** [row, pos, d_model] of the streams. */
		private readonly shape: readonly [number, number, number],
		private readonly run: RunLayer,
	) {}

	/** What a receiver reads in every cell: [cell * row, pos, d_model]. Behind the last layer there is one more. */
	async before({ layer, behindAttention }: Receiver, cells: readonly Sender[]): Promise<Tensor> {
		for (let l = Math.min(...cells.map((from) => this.reachedBy(from).layer)); l < layer; l++) {
			const behind = cells.filter((from) => this.reachedBy(from).layer === l);
			if (behind.length > 0) await this.advance(l, behind);
		}
		const streams = cells.map((from) => this.reachedBy(from).stream);
		if (!behindAttention) return this.stacked(streams);
		const [mid, pre] = [this.at("resid_mid", layer), this.at("resid_pre", layer)];
		return this.stacked(
			cells.map((from, c) => {
				const stream = streams[c] as Float32Array;
				const own = this.atAttention(from, layer);
				return stream.map(
					(value, i) => Number(mid.data[i]) + (value - Number(pre.data[i])) + (own?.[i] ?? 0),
				);
			}),
		);
	}

	/** Takes cells through a layer. */
	private async advance(layer: number, cells: readonly Sender[]): Promise<void> {
		const attention = this.at("attn_out", layer).data as Float32Array;
		const attnOut = cells.map((from) => plus(attention, this.atAttention(from, layer)));
		const post = await this.run(
			layer,
			this.stacked(cells.map((from) => this.reachedBy(from).stream)),
			{ [actName("attn_out", layer)]: this.stacked(attnOut) },
			actName("resid_post", layer),
		);
		const size = attention.length;
		for (const [c, from] of cells.entries()) {
			const stream = post.data.slice(c * size, (c + 1) * size) as Float32Array;
			this.reached.set(from, { layer: layer + 1, stream });
		}
	}

	/** How far a sender's stream has come; at first to where it is written, or before the layer that writes it. */
	private reachedBy(from: Sender): { layer: number; stream: Float32Array } {
		const known = this.reached.get(from);
		if (known) return known;
		const { kind, layer } = from;
		const written = this.written.get(from) as Float32Array;
		const [point, behind] = kind === "mlp" ? ["resid_post", layer + 1] : ["resid_pre", layer];
		const base = this.at(point as string, layer).data as Float32Array;
		const inAttention = kind === "head" || kind === "attn";
		const start = { layer: behind as number, stream: plus(base, inAttention ? undefined : written) };
		this.reached.set(from, start);
		return start;
	}

	/** What a sender writes to a layer's attention, if it is there. */
	private atAttention(from: Sender, layer: number): Float32Array | undefined {
		const there = from.layer === layer && (from.kind === "head" || from.kind === "attn");
		return there ? this.written.get(from) : undefined;
	}

	private at(point: string, layer: number): Tensor {
		return this.base.get(actName(point, layer)) as Tensor;
	}

	private stacked(streams: readonly Float32Array[]): Tensor {
		const [rows, pos, width] = this.shape;
		const size = rows * pos * width;
		const data = new Float32Array(streams.length * size);
		for (const [c, stream] of streams.entries()) data.set(stream, c * size);
		return new Tensor("float32", [streams.length * rows, pos, width], data);
	}
}

function plus(base: Float32Array, more: Float32Array | undefined): Float32Array {
	return more ? base.map((value, i) => value + (more[i] as number)) : base;
}

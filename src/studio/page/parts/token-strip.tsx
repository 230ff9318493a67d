import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { PromptLook } from "../../service/methods/look.js";
import { useStudio } from "../studio.js";

/** How strongly tokens are lit, 0 to 1, by position: where the token under the pointer looks. */
export type TokenMarks = ReadonlyMap<number, number>;

export interface TokenStripProps {
	/** Undefined until there is a look. */
	readonly look: PromptLook | undefined;
	readonly label?: string;
	readonly ids?: boolean;
	/** Cross-entropy in nats that fills a token's bar: that of a uniform guess. */
	readonly fullLoss: number;
	readonly marks?: ReadonlySignal<TokenMarks> | undefined;
	/** Whether this is the prompt whose heads are shown. Only its tokens are linked with patterns. */
	readonly chosen?: boolean;
	/** A token of another prompt was pressed. */
	readonly onChoose?: (token: number) => void;
}

/**
 * The tokens, white space visible, with each token's loss under it; a pointer over one shows what it attends to, a
 * press locks it.
 */
export function TokenStrip({
	look,
	label = "Tokens",
	ids = false,
	fullLoss,
	marks,
	chosen = true,
	onChoose,
}: TokenStripProps): JSX.Element {
	const studio = useStudio();
	const { hovered, scene } = studio;
	const locked = useComputed(() => scene.value.token);
	const list = useRef<HTMLOListElement>(null);
	const linked = useSignal(chosen);
	useLayoutEffect(() => {
		linked.value = chosen;
	}, [linked, chosen]);
	// what follows the pointer changes classes only: a long text is not rendered anew for each move
	useSignalEffect(() => {
		const at = linked.value ? hovered.value : null;
		list.current?.querySelector(".hovered")?.classList.remove("hovered");
		if (at !== null) list.current?.children[at]?.classList.add("hovered");
	});
	useSignalEffect(() => {
		const lit = linked.value ? marks?.value : undefined;
		if (!list.current) return;
		for (const item of list.current.querySelectorAll<HTMLElement>(".lit")) item.classList.remove("lit");
		for (const [position, share] of lit ?? []) {
			const item = list.current.children[position] as HTMLElement | undefined;
			item?.classList.add("lit");
			item?.style.setProperty("--lit", `${Math.round(100 * share)}%`);
		}
	});
	const { tokens = [], clean, changed } = look ?? {};
	return (
		<ol class="tokens" aria-label={label} ref={list}>
			{tokens.map((token, position) => {
				const [before, after] = [clean?.loss.data[position - 1], changed?.loss.data[position - 1]];
				return (
					<li key={position}>
						<button
							type="button"
							class={token.start === token.end ? "special" : ""}
							aria-pressed={chosen && locked.value === position}
							title={titleOf(position, token.id, before, after)}
							onPointerEnter={() => {
								if (chosen) hovered.value = position;
							}}
							onPointerLeave={() => {
								if (chosen) hovered.value = null;
							}}
							onFocus={() => {
								if (chosen) hovered.value = position;
							}}
							onBlur={() => {
								if (chosen) hovered.value = null;
							}}
							onClick={() => {
								if (!chosen) onChoose?.(position);
								else studio.show({ token: locked.peek() === position ? null : position });
							}}
						>
							{token.shown}
						</button>
						<LossBars before={before} after={after} full={fullLoss} />
						{ids && <small>{token.id}</small>}
					</li>
				);
			})}
		</ol>
	);
}

/** A token's loss as bars: solid in the model as it is, outlined as it is changed. The first token has none. */
function LossBars({
	before,
	after,
	full,
}: {
	before: number | undefined;
	after: number | undefined;
	full: number;
}): JSX.Element {
	const width = (loss: number): string => `${Math.min(100, (100 * loss) / full)}%`;
	return (
		<span class="loss" aria-hidden="true">
			{before !== undefined && <span class="clean" style={{ width: width(before) }} />}
			{after !== undefined && <span class="changed" style={{ width: width(after) }} />}
		</span>
	);
}

function titleOf(
	position: number,
	id: number,
	before: number | undefined,
	after: number | undefined,
): string {
	const loss =
		before === undefined
			? "no loss: nothing stands before it"
			: `loss ${before.toFixed(3)}${after === undefined ? "" : `, changed ${after.toFixed(3)}`} nats`;
	return `position ${position}, id ${id}, ${loss}`;
}

/** The mean loss of a look's tokens, for people; empty where no token has one. */
export function meanLoss({ clean, changed }: PromptLook): string {
	const mean = (data: Float32Array): number => data.reduce((sum, loss) => sum + loss, 0) / data.length;
	if (clean.loss.data.length === 0) return "";
	const after = changed ? `, changed ${mean(changed.loss.data).toFixed(3)}` : "";
	return `mean loss ${mean(clean.loss.data).toFixed(3)}${after} nats`;
}

import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { TrainFrame } from "../../../service/training/training.js";
import { drawMatrix } from "../../draw/draw-pattern.js";
import { paletteFor, sequential } from "../../draw/palette.js";
import { isDark } from "../../draw/theme.js";
import { chosenOf } from "../../parts/chosen-prompt.js";
import { useCall } from "../../parts/use-call.js";
import { useStudio } from "../../studio.js";
import { headNames, scoreOf } from "./train-numbers.js";
import { trainRunOf } from "./train-run.js";

/** The patterns of all heads after some updates: the newest ones, or those that the slider is at. */
export function TrainHeads(): JSX.Element {
	const studio = useStudio();
	const { frames, kept, at, running, started } = trainRunOf(studio);
	const prompt = studio.scene.value.prompts[chosenOf(studio.scene.value)] ?? "";
	const newest = frames.value.at(-1);
	const step = at.value ?? newest?.step ?? 0;
	const measured = frames.value.find((frame) => frame.step === step && frame.prompt === prompt);
	const following = at.value === null && running.value;
	const id = started.value?.id;
	// what was not measured, or with another prompt
	const ask = id !== undefined && !measured && !following && kept.value.includes(step);
	const call = useCall("trainLook", ask ? { training: id, step, prompt } : undefined);
	const answer = call.result.value;
	// while it is computed, what was shown before stays
	const before = useRef<TrainFrame | undefined>(undefined);
	const answered = ask && answer?.step === step && answer.prompt === prompt ? answer : undefined;
	const frame = measured ?? answered ?? (ask ? (before.current ?? newest) : newest);
	before.current = frame;
	const opened = at.value ?? kept.value.at(-1);
	const open = (): void =>
		studio.edit({ model: `trained-here@${opened}`, view: "heads", head: "", pins: [] }, "model");
	return (
		<section class="train-heads" aria-label="Heads while training">
			<h2>Heads {frame ? `after ${frame.step} updates` : ""}</h2>
			<div class="train-time">
				<label>
					Training time{" "}
					<input
						type="range"
						min={0}
						max={Math.max(1, kept.value.length - 1)}
						value={at.value === null ? kept.value.length - 1 : kept.value.indexOf(at.value)}
						disabled={kept.value.length < 2}
						aria-valuetext={`${step} updates`}
						onInput={(event) => {
							const chosen = Number(event.currentTarget.value);
							at.value = chosen >= kept.value.length - 1 ? null : (kept.value[chosen] ?? null);
						}}
					/>
				</label>
				<button type="button" disabled={opened === undefined} onClick={open}>
					Look at the model after {opened ?? 0} updates
				</button>
			</div>
			<p class="train-next" role={frame?.problem ? "alert" : undefined}>
				{frame?.problem ? (
					<span class="problem">The text cannot be read: {frame.problem}</span>
				) : (
					nextOf(frame)
				)}
			</p>
			<div class="train-grid">
				{(frame ? headNames(frame) : EMPTY).map((name) => (
					<TrainHead key={name} name={name} frame={frame} />
				))}
			</div>
		</section>
	);
}

/** Places of the demo model's heads, before there are any. */
const EMPTY = [0, 1].flatMap((layer) => [0, 1, 2, 3].map((index) => `${layer}.${index}`));

function nextOf(frame: TrainFrame | undefined): JSX.Element {
	if (!frame?.next) return <span class="quiet">Patterns of the text above, as the heads form.</span>;
	const { shown, probability } = frame.next;
	return (
		<>
			Likeliest next token: <code>{shown}</code> {probability.toFixed(4)}
		</>
	);
}

function TrainHead({ name, frame }: { name: string; frame: TrainFrame | undefined }): JSX.Element {
	const studio = useStudio();
	const canvas = useRef<HTMLCanvasElement>(null);
	const { scale, head } = studio.scene.value;
	const dark = isDark.value;
	const pattern = frame?.pattern;
	useLayoutEffect(() => {
		if (!canvas.current || !pattern) return;
		const [, nHeads = 1, size = 0] = pattern.shape;
		const [layer = 0, index = 0] = name.split(".").map(Number);
		const offset = (layer * nHeads + index) * size * size;
		const ink = { palette: paletteFor(dark), place: sequential(scale), hideFirst: scale === "hide-first" };
		drawMatrix(canvas.current, { data: pattern.data, offset, size }, ink, 128);
	}, [pattern, name, scale, dark]);
	const induction = frame ? scoreOf(frame, "induction", name).toFixed(2) : "";
	const previous = frame ? scoreOf(frame, "previous-token", name).toFixed(2) : "";
	return (
		<button
			type="button"
			class="train-head"
			aria-pressed={head === name}
			disabled={!frame}
			onClick={() => studio.show({ head: head === name ? "" : name })}
		>
			<canvas ref={canvas} />
			<span class="train-name">
				<span class="unseen">Head </span>
				{name}
			</span>
			<span>ind {induction}</span>
			<span>prev {previous}</span>
		</button>
	);
}

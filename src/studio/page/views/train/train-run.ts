import { signal } from "@preact/signals";
import type { StartedTraining } from "../../../service/methods/train-start.js";
import type { TrainReport } from "../../../service/methods/train-steps.js";
import type { TrainSettings } from "../../../service/training/recipe.js";
import type { TrainFrame } from "../../../service/training/training.js";
import { chosenOf } from "../../parts/chosen-prompt.js";
import type { Studio } from "../../studio.js";

/** Milliseconds of training between two reports. */
const REPORT_EVERY = 150;

/** A training as the page sees it. It goes on, and is kept, while other views are shown. */
export class TrainRun {
	readonly started = signal<StartedTraining | undefined>(undefined);
	readonly settings = signal<TrainSettings | undefined>(undefined);
	/** Of each update's batch, before the update. */
	readonly losses = signal<readonly number[]>([]);
	/** What was measured, by rising step. */
	readonly frames = signal<readonly TrainFrame[]>([]);
	/** Updates whose models can be opened, ascending. */
	readonly kept = signal<readonly number[]>([]);
	/** Whether it is to go on. */
	readonly running = signal(false);
	/** Whether the engine is at it; a pause comes when the stretch under way is done and looked at. */
	readonly active = signal(false);
	readonly ended = signal(false);
	/** What went wrong, for people; empty when nothing did. */
	readonly problem = signal("");
	/** Updates in a second, measuring included; 0 before it is known. */
	readonly speed = signal(0);
	/** The kept step that is looked at; null: the newest. */
	readonly at = signal<number | null>(null);
	private going: Promise<void> = Promise.resolve();

	constructor(private readonly studio: Studio) {}

	/** Begins a training; the one before it is forgotten. */
	async start(settings: TrainSettings): Promise<void> {
		this.reset();
		this.settings.value = settings;
		this.running.value = true;
		await this.going;
		this.going = this.guard(async () => {
			const { connection } = this.studio;
			const started = await connection.call("trainStart", { ...settings, prompt: this.prompt() });
			if (this.settings.peek() !== settings) return;
			this.started.value = started;
			this.frames.value = [started.frame];
			this.kept.value = [0];
			await this.trainOn(started.id);
		});
	}

	pause(): void {
		this.running.value = false;
	}

	/** Goes on where the training was paused. */
	async resume(): Promise<void> {
		const { id } = this.started.peek() ?? {};
		if (id === undefined || this.ended.peek()) return;
		this.running.value = true;
		this.at.value = null;
		await this.going;
		this.going = this.guard(() => this.trainOn(id));
	}

	/** Forgets the training. */
	reset(): void {
		this.running.value = false;
		this.started.value = undefined;
		this.settings.value = undefined;
		this.losses.value = [];
		this.frames.value = [];
		this.kept.value = [];
		this.ended.value = false;
		this.problem.value = "";
		this.speed.value = 0;
		this.at.value = null;
	}

	/** Stretch after stretch until it ends or is paused; the last call looks at the model where it stands. */
	private async trainOn(id: number): Promise<void> {
		for (let looked = false; !looked; ) {
			const paused = !this.running.peek();
			const before = performance.now();
			const report = await this.studio.connection.call("trainSteps", {
				training: id,
				from: this.losses.peek().length,
				ms: REPORT_EVERY,
				prompt: this.prompt(),
				...(paused && { updates: 0, look: true }),
			});
			if (this.started.peek()?.id !== id) return;
			this.take(report, performance.now() - before);
			looked = report.ended || (paused && !this.running.peek());
		}
		this.running.value = false;
	}

	private take({ losses, kept, frame, ended, problem }: TrainReport, ms: number): void {
		if (losses.length > 0) {
			const speed = (1000 * losses.length) / ms;
			const before = this.speed.peek();
			this.speed.value = before === 0 ? speed : 0.8 * before + 0.2 * speed;
			this.losses.value = [...this.losses.peek(), ...losses];
		}
		this.kept.value = kept;
		if (frame) this.frames.value = [...this.frames.peek().filter(({ step }) => step !== frame.step), frame];
		this.ended.value = ended;
		this.problem.value = problem;
	}

	private async guard(work: () => Promise<void>): Promise<void> {
		this.active.value = true;
		try {
			await work();
		} catch (error) {
			this.problem.value = error instanceof Error ? error.message : String(error);
			this.running.value = false;
		}
		this.active.value = false;
	}

	private prompt(): string {
		const scene = this.studio.scene.peek();
		return scene.prompts[chosenOf(scene)] ?? "";
	}
}

const runs = new WeakMap<Studio, TrainRun>();

/** The page's training. */
export function trainRunOf(studio: Studio): TrainRun {
	const run = runs.get(studio) ?? new TrainRun(studio);
	runs.set(studio, run);
	return run;
}

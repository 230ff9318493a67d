import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as z from "zod/mini";
import type { TrainSettings } from "../../../service/training/recipe.js";

/** What of a training can be chosen, as the engine takes it. */
export const Settings = z.object({
	seed: z.int().check(z.minimum(0), z.maximum(2 ** 31 - 1)),
	lr: z.number().check(z.minimum(0.00001), z.maximum(0.1)),
	batch: z.int().check(z.minimum(1), z.maximum(256)),
	steps: z.int().check(z.minimum(10), z.maximum(4000)),
});

/** The demo model's own seed, and as many updates as its heads need to form. */
export const FIRST_SETTINGS: TrainSettings = { seed: 1, lr: 0.002, batch: 64, steps: 600 };

const FIELDS: readonly { key: keyof TrainSettings; label: string; allowed: string; step: string }[] = [
	{ key: "seed", label: "Seed", allowed: "whole numbers from 0", step: "1" },
	{ key: "lr", label: "Learning rate", allowed: "0.00001 to 0.1", step: "0.0005" },
	{ key: "batch", label: "Batch", allowed: "whole numbers from 1 to 256", step: "8" },
	{ key: "steps", label: "Updates", allowed: "whole numbers from 10 to 4000", step: "100" },
];

/** The settings of the next training; what is not allowed is told, and not taken. */
export function SettingFields({
	settings,
	locked,
	change,
	onFault,
}: {
	settings: TrainSettings;
	locked: boolean;
	change: (next: Partial<TrainSettings>) => void;
	/** Told of each edit: whether all fields hold what is allowed. */
	onFault: (faulty: boolean) => void;
}): JSX.Element {
	const [typed, setTyped] = useState<Partial<Record<keyof TrainSettings, string>>>({});
	const faults = FIELDS.filter(({ key }) => typed[key] !== undefined && !allows(key, typed[key] ?? ""));
	const type = (key: keyof TrainSettings, text: string): void => {
		const next = { ...typed, [key]: text };
		setTyped(next);
		onFault(FIELDS.some(({ key: other }) => next[other] !== undefined && !allows(other, next[other] ?? "")));
		if (allows(key, text)) change({ [key]: Number(text) });
	};
	return (
		<fieldset class="train-settings" disabled={locked}>
			<legend class="unseen">Settings</legend>
			{FIELDS.map(({ key, label, step }) => (
				<label key={key}>
					{label}
					<input
						type="number"
						step={step}
						value={typed[key] ?? settings[key]}
						aria-invalid={faults.some((fault) => fault.key === key)}
						aria-describedby="settings-faults"
						onInput={(event) => type(key, event.currentTarget.value)}
					/>
				</label>
			))}
			<p id="settings-faults" class="problem" role="status">
				{faults.map(({ label, allowed }) => `${label}: allowed ${allowed}`).join("; ")}
			</p>
		</fieldset>
	);
}

function allows(key: keyof TrainSettings, text: string): boolean {
	return text.trim() !== "" && Settings.shape[key].safeParse(Number(text)).success;
}

import { effect } from "@preact/signals";
import { type RowFacts, randomRows } from "../../../random-rows.js";
import type { ParamsOf } from "../../../service/registry.js";
import type { Donor, Scene } from "../../scene/scene.js";
import type { Studio } from "../../studio.js";

/** The donor of random rows, and how many it has. */
export const RANDOM = "random";
export const RANDOM_ROWS = 8;

/** Donors of this name have a prompt's text, and follow it. */
export function promptDonor(prompt: number): string {
	return `prompt ${prompt + 1}`;
}

/** What the newest look says of the rows; undefined before the first. */
export function rowFacts({ look, model }: Studio): RowFacts | undefined {
	const [first, ...others] = look.value ?? [];
	const vocab = model.value?.vocab;
	const [token] = first?.tokens ?? [];
	if (!first || !token || vocab === undefined) return undefined;
	const length = Math.max(first.tokens.length, ...others.map(({ tokens }) => tokens.length));
	const put = token.start === token.end && first.tokens.length > 1;
	return { length, vocab, front: put ? token.id : undefined };
}

/** The seed of random rows that a scene keeps. */
export function seedOf({ views }: Scene): number {
	const seed = (views.changes as { seed?: unknown } | undefined)?.seed;
	return Number.isSafeInteger(seed) && (seed as number) >= 0 ? (seed as number) : 0;
}

/** Donors where rows are drawn: random rows are made as long as those, prompts stay as they are. */
export function scoredDonors(scene: Scene): NonNullable<ParamsOf<"score">["donors"]> {
	const { [RANDOM]: random, ...others } = scene.donors;
	return { ...others, ...(random && { [RANDOM]: { random: RANDOM_ROWS, seed: seedOf(scene) } }) };
}

/** A prompt's text as a donor. */
export function donorOfText(text: string, { bos }: Pick<Scene, "bos">): Donor {
	return { prompts: [text], ...(bos !== null && { bos }) };
}

/** The donors brought up to date: random rows as long as the prompts are, and prompts' texts as they are now. */
function current(scene: Scene, facts: RowFacts | undefined): Scene["donors"] {
	const { donors, prompts } = scene;
	return Object.fromEntries(
		Object.entries(donors).map(([name, donor]) => {
			if (name === RANDOM && facts) return [name, { ids: randomRows(facts, RANDOM_ROWS, seedOf(scene)) }];
			const prompt = prompts[Number(/^prompt (\d)$/.exec(name)?.[1] ?? 0) - 1];
			return [name, prompt === undefined ? donor : donorOfText(prompt, scene)];
		}),
	);
}

/** Keeps donors that stand for something else up to date. @returns ends it */
export function followDonors(studio: Studio): () => void {
	return effect(() => {
		const scene = studio.scene.value;
		if (Object.keys(scene.donors).length === 0) return;
		const donors = current(scene, rowFacts(studio));
		if (JSON.stringify(donors) !== JSON.stringify(scene.donors)) studio.show({ donors });
	});
}

import type { JSX } from "preact";
import { ReadInput, type ReadText } from "./read-input.js";
import type { FieldProps } from "./schema-form.js";

type Pair = readonly [query: number, key: number, amount: number];

const NAMES = ["query", "key", "amount"] as const;

/** Single scores: a query, a key and an amount each. */
export function PairsField({ value, change }: FieldProps): JSX.Element {
	const pairs = Array.isArray(value) ? (value as readonly Pair[]) : [];
	const set = (index: number, part: number, to: number): void =>
		change(pairs.map((pair, i) => (i === index ? pair.with(part, to) : pair)));
	return (
		<div class="score-pairs">
			{pairs.map((pair, i) => (
				<div class="score-pair" key={i}>
					{NAMES.map((name, part) => (
						<span class="part" key={name}>
							{name}{" "}
							<ReadInput
								label={`${name} of score ${i + 1}`}
								value={pair[part] as number}
								write={String}
								read={(text) => read(text, name !== "amount")}
								change={(to) => set(i, part, to)}
							/>
						</span>
					))}
					<button
						type="button"
						aria-label={`Remove score ${i + 1}`}
						disabled={pairs.length === 1}
						onClick={() => change(pairs.filter((_, other) => other !== i))}
					>
						×
					</button>
				</div>
			))}
			<button type="button" onClick={() => change([...pairs, next(pairs)])}>
				Add a score
			</button>
		</div>
	);
}

/** A score that is not among the others: the next key of the last query, or of the one before. */
function next(pairs: readonly Pair[]): Pair {
	const [query = 0, key = -1, amount = 3] = pairs.at(-1) ?? [];
	return key < query || query < 0 ? [query, key + 1, amount] : [query + 1, 0, amount];
}

function read(text: string, whole: boolean): ReadText<number> {
	const value = Number(text);
	if (text.trim() === "" || !Number.isFinite(value)) return { problem: "a number is needed here" };
	return whole && !Number.isInteger(value) ? { problem: "whole numbers only" } : { value };
}

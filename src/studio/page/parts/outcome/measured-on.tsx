import type { JSX } from "preact";
import { experimentPart } from "../../scene/experiment-part.js";
import { useStudio } from "../../studio.js";
import { setMetrics } from "./metrics.js";

/** Rows of random tokens that are as long as a prompt, and how many. */
const COUNT = 20;

/** Which rows metrics are measured on: the prompts, or random tokens said twice, which induction is measured on. */
export function MeasuredOn(): JSX.Element {
	const studio = useStudio();
	const { rows } = experimentPart(studio.scene.value);
	const applies =
		rows !== undefined && JSON.stringify(rows.beside) === JSON.stringify(studio.scene.value.prompts);
	const repeated = applies && JSON.stringify(rows.given).startsWith('{"samples":{"task":"repeat"');
	const length = studio.look.value?.[0]?.tokens.length ?? 2;
	const choose = (value: string): void => {
		const n = Math.max(2, Math.floor(length / 2));
		const samples = value === "repeat" ? { task: "repeat", n, count: COUNT } : undefined;
		setMetrics(studio, { samples }, "rows of metrics");
	};
	return (
		<label>
			measured on{" "}
			<select
				value={repeated ? "repeat" : applies ? "opened" : "prompts"}
				onChange={({ currentTarget }) => choose(currentTarget.value)}
			>
				<option value="prompts">the prompts</option>
				<option value="repeat">random tokens said twice</option>
				{applies && !repeated && <option value="opened">the opened experiment's rows</option>}
			</select>
		</label>
	);
}

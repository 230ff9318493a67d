import type { JSX } from "preact";
import { useStudio } from "../studio.js";

/** What is wrong, and how far a model's loading is. It keeps its place, so that nothing jumps. */
export function Notices(): JSX.Element {
	const { problem, notices, loading, reached } = useStudio();
	const lines = [
		...(reached.value ? [] : ["The engine cannot be reached; trying again. Nothing you did is lost."]),
		...notices.value,
		...(problem.value ? [problem.value] : []),
	];
	const progress = loading.value?.quiet ? undefined : loading.value;
	return (
		<div class="notices" aria-live="polite">
			{progress && (
				<p>
					<progress
						max={progress.total || 1}
						value={progress.total ? progress.done : undefined}
						aria-label="Loading"
					/>{" "}
					{progress.ref}: {megabytes(progress.done)} of {megabytes(progress.total)} MB
					{progress.rate > 0 && `, ${megabytes(progress.rate)} MB/s`}
				</p>
			)}
			{lines.map((line) => (
				<p key={line} class="problem">
					{line}
				</p>
			))}
		</div>
	);
}

function megabytes(bytes: number): string {
	return (bytes / 1e6).toFixed(1);
}

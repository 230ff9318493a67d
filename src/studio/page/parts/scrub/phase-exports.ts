import type { Phase } from "../../../service/checkpoint-host.js";
import type { Exports } from "../export-menu.js";
import { phaseCode } from "./phase-code.js";

/** What was measured over a training, as files. @param ref "demo", "M=64" */
export function phaseExports(ref: string, phase: Phase): Exports {
	const { steps, loss, scores } = phase;
	const names = Object.keys(scores);
	return {
		name: `phase-${ref}`,
		svg: async () => {
			const { scoreOverSteps } = await import("headscope/figures");
			return scoreOverSteps({
				title: `Heads of ${ref} over training`,
				steps,
				panels: [
					...names.map((name) => ({ measure: name, lines: headLines(phase, name) })),
					...(loss ? [{ measure: "loss (nats)", lines: [{ name: "loss", values: loss }] }] : []),
				],
			});
		},
		csv: () => [
			["step", ...(loss ? ["loss"] : []), ...names.flatMap((name) => [`${name}, best head`, name])],
			...steps.map((step, i) => [
				step,
				...(loss ? [loss[i] as number] : []),
				...names.flatMap((name) => {
					const best = scores[name]?.best[i];
					return [best?.head ?? "", best?.score ?? ""];
				}),
			]),
		],
		json: () => phase,
		code: () => phaseCode(ref, phase),
	};
}

/** A line for each head. */
function headLines({ scores }: Phase, name: string): { name: string; values: number[] }[] {
	const values = scores[name]?.values ?? [];
	return (values[0] ?? []).flatMap((heads, layer) =>
		heads.map((_, head) => ({
			name: `${layer}.${head}`,
			values: values.map((at) => at[layer]?.[head] ?? 0),
		})),
	);
}

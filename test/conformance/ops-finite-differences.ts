import { evaluate } from "../../src/graph/evaluate.js";
import type { Graph } from "../../src/graph/graph.js";
import { Tensor } from "../../src/tensor/index.js";

/** Gradients of the scalar output "loss" by central differences of the host's kernels, in double precision. */
export function centralDifferences(
	loss: Graph,
	feeds: Readonly<Record<string, Tensor>>,
	names: readonly string[],
	step = 1e-5,
): Map<string, Tensor> {
	const at = (name: string, i: number, delta: number): number => {
		const moved = (feeds[name] as Tensor).to("float64");
		const data = moved.data.slice();
		data[i] = (data[i] as number) + delta;
		const point = { ...feeds, [name]: new Tensor("float64", moved.shape, data) };
		return (evaluate(loss, point, "float64").get("loss") as Tensor).item();
	};
	return new Map(
		names.map((name) => {
			const { size, shape } = feeds[name] as Tensor;
			const slopes = Float64Array.from(
				{ length: size },
				(_, i) => (at(name, i, step) - at(name, i, -step)) / (2 * step),
			);
			return [name, new Tensor("float64", shape, slopes)];
		}),
	);
}

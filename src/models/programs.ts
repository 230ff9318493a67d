import type { Program } from "../onnx/compile.js";
import type { Engine } from "../runtime/index.js";
import type { BlockForm } from "../tensor/index.js";
import type { Dimensions } from "./family.js";
import type { Readout } from "./run-options.js";

/** Compiled requests that are remembered, by what was asked. */
const PROGRAMS_KEPT = 64;

/**
 * The compiled requests of models that differ in their weights only, such as the checkpoints of a training: what one of
 * them was asked needs no tracing for the next.
 */
export class Programs {
	private readonly plain = new Map<string, Program>();
	/** Of readouts, by their function. */
	private readonly readouts = new WeakMap<Readout["outputs"], Map<string, Program>>();

	/** The program of a request, made where it is not there. @param key all that it follows from, but for the readout's function */
	get(key: string, readout: Readout | undefined, make: () => Program): Program {
		const programs = readout ? this.ofReadout(readout) : this.plain;
		const program = programs.get(key) ?? make();
		programs.set(key, program);
		const oldest = programs.keys().next();
		if (programs.size > PROGRAMS_KEPT && !oldest.done) programs.delete(oldest.value);
		return program;
	}

	private ofReadout({ outputs }: Readout): Map<string, Program> {
		const known = this.readouts.get(outputs) ?? new Map<string, Program>();
		this.readouts.set(outputs, known);
		return known;
	}
}

/** What programs follow from beside a request. */
interface Kind {
	/** Itself, not its name: another one may compute something else under it. */
	readonly family: object;
	readonly config: Dimensions;
	readonly forms: ReadonlyMap<string, BlockForm>;
}

/** By engine and family; they stay as long as a model that has them. */
const shared = new WeakMap<Engine, WeakMap<object, Map<string, WeakRef<Programs>>>>();

/** The programs that all models of a kind have in an engine. */
export function programsFor(engine: Engine, { family, config, forms }: Kind): Programs {
	const families = shared.get(engine) ?? new WeakMap<object, Map<string, WeakRef<Programs>>>();
	shared.set(engine, families);
	const all = families.get(family) ?? new Map<string, WeakRef<Programs>>();
	families.set(family, all);
	for (const [key, programs] of all) if (!programs.deref()) all.delete(key);
	const key = JSON.stringify([config, [...forms]]);
	const found = all.get(key)?.deref() ?? new Programs();
	all.set(key, new WeakRef(found));
	return found;
}

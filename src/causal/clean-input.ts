import type { Measure } from "../metrics/metric.js";
import type { ModelInput } from "../models/run-options.js";
import { Tensor } from "../tensor/index.js";
import { checkAligned, rowsOf } from "./align-prompts.js";
import { reject } from "./errors.js";

/**
 * The clean rows beside the corrupted ones of a measure: as many, of the same length, so that every position has one to
 * compare with.
 * @throws {CausalError} for another number of rows or positions; of tokens it shows both, aligned
 */
export function cleanInput(
	{ model, input, mask }: Measure,
	clean: ModelInput,
	bos?: boolean,
): Measure["input"] {
	const given = bos === undefined ? {} : { bos };
	const packed = clean instanceof Tensor ? { tokens: clean, mask } : model.pack(clean, given);
	const { tokens } = packed;
	const sameShape = tokens.dtype === input.dtype && tokens.shape.join() === input.shape.join();
	const samePadding = (packed.mask?.data.join() ?? "") === (mask?.data.join() ?? "");
	if (!(sameShape && samePadding) && input.dtype === "int32") {
		checkAligned(model, clean, clean instanceof Tensor ? input : rowsOf(model, input, undefined, mask), bos);
	}
	if (!sameShape) reject("clean", `got ${tokens}, expected ${input} as the corrupted rows have it`);
	if (!samePadding) reject("clean", "its rows are padded at other places than the corrupted ones");
	return tokens as Measure["input"];
}

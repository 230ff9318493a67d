import * as z from "zod/mini";
import type { Method } from "../../runtime/rpc.js";
import { check } from "../../shared/schemas.js";
import type { StudioHost } from "./host.js";
import type { StudioMethod } from "./method.js";
import { METHODS } from "./registry.js";
import { StudioState } from "./state.js";
import { packTensors } from "./tensor-message.js";

/** The studio's methods over one host, as `rpc.serve` takes them; results' tensors are moved, not copied. */
export function studioService(host: StudioHost): Readonly<Record<string, Method>> & AsyncDisposable {
	const state = new StudioState(host);
	const methods = Object.entries(METHODS as unknown as Record<string, StudioMethod>).map(
		([name, method]): [string, Method] => [
			name,
			async (params, { report, signal }) => {
				const checked = check(method.params, params);
				if (!checked.success) throw new Error(`${name}: ${z.prettifyError(checked.error)}`);
				const tell = (progress: unknown): void => report(packTensors(progress).value);
				return packTensors(await method.run(checked.data, { state, signal, report: tell }));
			},
		],
	);
	return Object.assign(Object.fromEntries(methods), { [Symbol.asyncDispose]: () => state.dispose() });
}

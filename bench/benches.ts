import type { Bench } from "./bench.js";
import { forward } from "./forward.js";
import { drawing, studio } from "./studio.js";
import { sweeps, sweepsLlama } from "./sweeps.js";
import { training } from "./training.js";

/** Every bench; `npm run bench` runs them in this order. */
export const BENCHES: readonly Bench[] = [forward, training, sweeps, sweepsLlama, studio, drawing];

export { Mt19937, type Mt19937State } from "./mt19937.js";
export { NumpyRandom } from "./numpy-random.js";
export { RandomStreams } from "./streams.js";
export { TorchRandom, type TorchRandomState } from "./torch-random.js";

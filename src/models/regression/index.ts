export { type RegressionConfig, type RegressionTask, regressionConfig } from "./config.js";
export { cachedPaths, regression } from "./family.js";
export { LOSS_FEEDS, regressionLoss } from "./loss.js";
export { RegressionModel, type RegressionModelOptions } from "./regression-model.js";
export { initialWeights, parameters, parametersOf, stateDict } from "./weights.js";

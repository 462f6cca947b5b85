// tf.initializers: how variables start, and what starts them; one line each, see @org/ops and @org/variables for what they do.
import * as ops from "@org/ops";
import * as variables from "@org/variables";
import { lift } from "./default-graph.ts";

export {
  constantInitializer as constant,
  glorotNormalInitializer as glorotNormal,
  glorotUniformInitializer as glorotUniform,
  heNormal,
  heUniform,
  identityInitializer as identity,
  lecunNormal,
  lecunUniform,
  onesInitializer as ones,
  orthogonalInitializer as orthogonal,
  randomNormalInitializer as randomNormal,
  randomUniformInitializer as randomUniform,
  truncatedNormalInitializer as truncatedNormal,
  uniformUnitScalingInitializer as uniformUnitScaling,
  varianceScalingInitializer as varianceScaling,
  zerosInitializer as zeros,
} from "@org/ops";

export const globalVariables: typeof variables.globalVariablesInitializer = /* @__PURE__ */ lift(
  variables.globalVariablesInitializer,
);
export const localVariables: typeof variables.localVariablesInitializer = /* @__PURE__ */ lift(
  variables.localVariablesInitializer,
);
export const tablesInitializer: typeof ops.tablesInitializer = /* @__PURE__ */ lift(ops.tablesInitializer);
const variablesInitializer: typeof variables.variablesInitializer = /* @__PURE__ */ lift(
  variables.variablesInitializer,
);

export { variablesInitializer as variables };

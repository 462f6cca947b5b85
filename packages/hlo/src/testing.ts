export { type SuiteOptions, type TestFramework, testBackend, unsupported } from "./testing/backend-suite.ts";
export { type BackendCase, backendCases } from "./testing/cases.ts";
export { difference } from "./testing/closeness.ts";
export { type RandomProgram, randomArray, randomProgram, seededRandom } from "./testing/random-program.ts";
export { type RowsCase, randomRows, rowsCases } from "./testing/random-rows.ts";
export { runPlan } from "./testing/run-plan.ts";

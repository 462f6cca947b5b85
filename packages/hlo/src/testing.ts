export { type RandomProgram, randomArray, randomProgram, seededRandom } from "./testing/random-program.ts";
export { runPlan } from "./testing/run-plan.ts";

export { type CaseOptions, case, type PredicateAndBranch } from "./case.ts";
export { merge } from "./cond.ts";
export { withDependencies } from "./group.ts";

// Gradients of linear algebra against numeric ones.
import { describe, it } from "vitest";
import { checks } from "./gradient-checks/linalg.ts";
import { checkGradients } from "./numeric-gradient.ts";

describe("gradients", () => {
  it.each(checks.map((check) => [check.name, check] as const))("%s", (_, check) => checkGradients(check));
});

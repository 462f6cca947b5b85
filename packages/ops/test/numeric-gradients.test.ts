// Every gradient against a numeric one: central differences in double precision of a weighted sum of the outputs.
import { describe, it } from "vitest";
import { kinds } from "./gradient-checks/elements.ts";
import { checkGradients } from "./numeric-gradient.ts";

for (const [kind, checks] of Object.entries(kinds))
  describe(`gradients of ${kind}`, () => {
    it.each(checks.map((check) => [check.name, check] as const))("%s", (_, check) => checkGradients(check));
  });

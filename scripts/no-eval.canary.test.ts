import { expect, it } from "vitest";

it("runs under --disallow-code-generation-from-strings", () => {
  expect(() => new Function("return 1")).toThrow(/Code generation from strings disallowed/);
});

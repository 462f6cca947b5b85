import { describe, expect, it } from "vitest";
import { evaluatorBackend, HloBuilder, makeFusion } from "../src/index.ts";
import { testBackend } from "../src/testing.ts";

testBackend({ describe, it }, () => evaluatorBackend(), {
  onSkip: (test, reason) => {
    throw new Error(`${test}: the evaluator skips nothing, but ${reason}`);
  },
});

describe("evaluatorBackend", () => {
  it("refuses a custom call that it has no kernel for", () => {
    const b = new HloBuilder();
    const call = b.customCall("mine.Twice", [b.parameter("float32", [2])], [{ dtype: "float32", dims: [2] }]);
    const fusion = makeFusion("single", b.build([b.getTupleElement(call, 0)]));
    expect(evaluatorBackend().prepare(fusion, [-1])).toEqual({ refused: "no kernel named mine.Twice" });
  });
});

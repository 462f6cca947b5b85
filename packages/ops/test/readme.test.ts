import type { Tensor } from "@org/graph";
import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";
import { MiniSession } from "./mini-session.ts";

it("has a README whose example runs", async () => {
  const { derivative, types } = await runReadme(import.meta.url);
  expect(derivative).toBe("gradients/MatMul_grad/MatMul_1:0");
  expect(types).toContain("MatMul");
});

it("has a README whose own op runs and has a gradient", async () => {
  const { slope } = (await runReadme(import.meta.url, 1)) as { slope: Tensor };
  expect((await new MiniSession(slope.graph).fetch(slope)).data).toEqual(Float32Array.of(12));
});

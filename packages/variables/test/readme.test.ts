import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { nodes, trained, init, def } = await runReadme(import.meta.url);
  expect((nodes as string[]).slice(0, 4)).toEqual([
    "weights/initial_value",
    "weights",
    "weights/Assign",
    "weights/read",
  ]);
  expect(trained).toEqual(["weights:0"]);
  expect(init).toBe("init");
  expect(def).toMatchObject({ variableName: "weights:0", initializerName: "weights/Assign" });
});

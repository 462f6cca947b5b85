// The published suite of the Backend contract.
import { testBackend } from "@org/hlo/testing";
import { describe, it } from "vitest";
import { gpu } from "../src/index.ts";
import { describeGpu } from "./webgpu.ts";

await describeGpu("gpu()", (root) => {
  testBackend({ describe, it }, () => gpu({ gpu: root }), {
    onSkip: (test, reason) => {
      if (process.env.SHOW_SKIPPED) console.log(`${test}: ${reason}`);
    },
  });
});

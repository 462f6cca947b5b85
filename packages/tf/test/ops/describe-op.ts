// The suite of @org/ops/testing for an op of this repository: on the evaluator, in sessions on WebAssembly, and on WebGPU with WebAssembly behind it.
import type { Backend } from "@org/hlo";
import { gpu } from "@org/kernels-gpu";
import { type OpTest, type Runner, testOp } from "@org/ops/testing";
import { afterAll, describe, it } from "vitest";
import { openSharedDevice, webGpu } from "../../../kernels-gpu/test/webgpu.ts";
import * as tf from "../../src/index.ts";

function inSessions(name: string, options: tf.SessionOptions): Runner {
  return {
    name,
    run: async (graph, tensors, feeds = new Map()) => {
      await using session = new tf.Session({ ...options, graph });
      return await session.run([...tensors], { feeds });
    },
  };
}

const evaluator = inSessions("the evaluator", { backends: ["evaluator"] });
const webAssembly = inSessions("the CPU backend", { backends: ["cpu"], fallback: false });
const root = await webGpu();

/** Declares the suite of an op. Where there is no WebGPU, that part is skipped, and says why. */
export function describeOp(test: Omit<OpTest, "runners">): void {
  const runners = [evaluator, webAssembly];
  if (root) {
    // Sessions leave a backend open that they were given: one for all cases.
    let opened: Promise<Backend> | undefined;
    const backend = (): Promise<Backend> => {
      opened ??= openSharedDevice(root).then((device) => gpu({ device }));
      return opened;
    };
    runners.push({
      name: "the GPU",
      run: async (...what) =>
        inSessions("", { backends: [await backend(), "cpu"], fallback: false }).run(...what),
    });
    afterAll(async () => (await opened)?.close());
  } else
    describe.skip(`${test.op} on the GPU (skipped: WebGPU has no adapter here; a Vulkan driver or Chromium's is needed)`, () => {
      it("runs", () => undefined);
    });
  testOp({ describe, it }, { ...test, runners });
}

// Updates of parts of variables that TensorFlow 1.15.5 made (recorded in @org/ops), in sessions on the CPU backend alone.
import { cpu } from "@org/kernels-cpu";
import { standardOps } from "@org/ops";
import { describe, it } from "vitest";
import { expectUpdate, updateCases } from "../../ops/test/update-cases.ts";
import { createSession } from "../src/index.ts";

const backend = cpu();

describe("updates of parts of variables, in sessions on the CPU backend", () => {
  it.each(updateCases)("%s", async (_, one) => {
    let close = async (): Promise<void> => {};
    try {
      await expectUpdate(one, async (graph) => {
        const session = await createSession(graph, {
          ops: standardOps,
          backends: [backend],
          fallback: false,
        });
        close = () => session.close();
        return async (fetches, feeds) => (await session.run([...fetches], { feeds })) as never;
      });
    } finally {
      await close();
    }
  });
});

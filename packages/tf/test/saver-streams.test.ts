// A Saver's save and restore go tensor by tensor: progress in bytes, a signal that ends them, nothing kept on the host.
import { memoryFileSystem, type Progress } from "@org/io";
import * as tf from "@org/tf";
import { describe, expect, it } from "vitest";

const elements = 50_000;

async function start() {
  const fs = memoryFileSystem();
  const graph = new tf.Graph();
  const { saver, init, add, variables } = graph.asDefault(() => {
    const variables = ["a", "b", "c"].map((name) =>
      tf.getVariable(name, [elements], { initializer: tf.zerosInitializer() }),
    );
    const add = tf.group(variables.map((variable) => tf.assignAdd(variable, tf.ones([elements])).op));
    return { variables, add, saver: new tf.train.Saver(), init: tf.globalVariablesInitializer() };
  });
  const session = new tf.Session({ graph, fs, backends: ["cpu"], fallback: false });
  await session.run(init);
  await session.run(add);
  return { fs, saver, session, add, variables };
}

const each = elements * 4;

describe("Saver", () => {
  it("tells how far it is, in bytes and by name", async () => {
    const { saver, session } = await start();
    const seen: Progress[] = [];
    const onProgress = (progress: Progress): number => seen.push(progress);
    await saver.save(session, "m", { onProgress });
    expect(seen).toEqual(
      ["a", "b", "c"].map((name, i) => ({ name, loaded: (i + 1) * each, total: 3 * each })),
    );
    seen.length = 0;
    await saver.restore(session, "m", { onProgress });
    expect(seen.map(({ name }) => name).sort()).toEqual(["a", "b", "c"]);
    expect(seen.at(-1)).toMatchObject({ loaded: 3 * each, total: 3 * each });
    await session.close();
  });

  it("stops a save at a signal, and the older checkpoint stays", async () => {
    const { saver, session, add, variables } = await start();
    await saver.save(session, "m");
    await session.run(add);
    const controller = new AbortController();
    const reason = new Error("enough");
    const stopped = saver.save(session, "m", {
      signal: controller.signal,
      onProgress: ({ name }) => {
        if (name === "b") controller.abort(reason);
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
    await saver.restore(session, "m");
    const values = await session.run(variables.map((variable) => variable.value().name));
    for (const value of values as tf.NdArray[]) expect(value.data[elements - 1]).toBe(1);
    await session.close();
  });

  it("stops a restore at a signal, and variables keep their values", async () => {
    const { saver, session, add, variables } = await start();
    await saver.save(session, "m");
    await session.run(add);
    const controller = new AbortController();
    const stopped = saver.restore(session, "m", {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
    const values = await session.run(variables.map((variable) => variable.value().name));
    for (const value of values as tf.NdArray[]) expect(value.data[0]).toBe(2);
    await session.close();
  });

  it("brings values to the host for the moment, and keeps none there", async () => {
    const { saver, session } = await start();
    const downloaded = async (): Promise<number> => {
      const before = (await session.stats()).bytesDownloaded;
      await saver.save(session, "m");
      return (await session.stats()).bytesDownloaded - before;
    };
    expect(await downloaded()).toBe(3 * each);
    expect(await downloaded()).toBe(3 * each);
    await session.close();
  });

  it("saves the values of its beginning, whatever is trained meanwhile", async () => {
    const { saver, session, add, variables } = await start();
    let training: Promise<unknown> | undefined;
    await saver.save(session, "m", {
      onProgress: () => {
        training ??= session.run(add);
      },
    });
    await training;
    await saver.restore(session, "m");
    const values = (await session.run(variables.map((variable) => variable.value().name))) as tf.NdArray[];
    expect(new Set(values.map(({ data }) => data[7]))).toEqual(new Set([1]));
    await session.close();
  });
});

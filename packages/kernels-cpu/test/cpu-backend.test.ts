import { isTfError } from "@org/errors";
import { type Executable, HloBuilder } from "@org/hlo";
import { describe, expect, it } from "vitest";
import { cpu } from "../src/index.ts";
import { build } from "./compare.ts";

const codeOf = async (action: () => unknown): Promise<string> => {
  try {
    await action();
  } catch (error) {
    return isTfError(error) ? error.code : (error as Error).name;
  }
  return "no error";
};

describe("cpu", () => {
  it("counts what moves, launches and compiles", () => {
    const backend = cpu();
    const add = build("add", (b) => [
      b.binary("add", b.parameter("float32", []), b.parameter("float32", [])),
    ]);
    const executable = backend.prepare({ kind: "loop", computation: add, key: "add" }, [-1]) as Executable;
    const [x, y] = [backend.upload(Float32Array.of(1)), backend.upload(Float32Array.of(2))];
    const out = backend.allocate(4);
    // 1,000 dependent additions.
    backend.launch(executable, [x, y], [out], 0);
    for (let i = 0; i < 999; i++) backend.launch(executable, [out, y], [out], 0);
    expect(new Float32Array(backend.downloadSync!(out).buffer)[0]).toBe(2001);
    expect(backend.stats()).toEqual({
      compiled: 1,
      launches: 1000,
      bytesUploaded: 8,
      bytesDownloaded: 4,
      buffers: 3,
      bytesInUse: 12,
    });
  });

  it("has nothing left after the last release, and refuses everything after close", async () => {
    const backend = cpu();
    const buffer = backend.upload(BigInt64Array.of(1n, 2n));
    backend.release(buffer);
    expect(backend.stats()).toMatchObject({ buffers: 0, bytesInUse: 0 });
    expect(await codeOf(() => backend.release(buffer))).toBe("INTERNAL");
    await backend.close();
    expect(await codeOf(() => backend.allocate(4))).toBe("FAILED_PRECONDITION");
    expect(await codeOf(() => backend.upload(Float32Array.of(1)))).toBe("FAILED_PRECONDITION");
    expect(await codeOf(() => backend.download(buffer))).toBe("FAILED_PRECONDITION");
  });

  it("keeps buffers through growth of the memory", () => {
    const backend = cpu();
    const first = backend.upload(Float32Array.of(1, 2, 3));
    const large = backend.allocate(50_000_000);
    expect([...new Float32Array(backend.downloadSync!(first).buffer)]).toEqual([1, 2, 3]);
    backend.release(large);
    backend.release(first);
  });

  it("honours maximumBytes", async () => {
    const backend = cpu({ maximumBytes: 2_000_000 });
    expect(await codeOf(() => backend.allocate(4_000_000))).toBe("RESOURCE_EXHAUSTED");
  });

  it("refuses what it has no kernel for", () => {
    const backend = cpu();
    const b = new HloBuilder("custom");
    const call = b.customCall("nothing", [b.parameter("float32", [2])], [{ dtype: "float32", dims: [2] }]);
    const computation = b.build([b.getTupleElement(call, 0)]);
    expect(backend.supports("customCall", ["float32", "float32"])).toBe(false);
    expect(backend.prepare({ kind: "single", computation, key: "custom" }, [-1])).toHaveProperty("refused");
  });
});

// Placement, transfers and time: backends that take only some instructions, refuse fusions, or work in their own time.
import { TfError } from "@org/errors";
import { type Backend, evaluatorBackend } from "@org/hlo";
import { memoryFileSystem } from "@org/io";
import { cpu } from "@org/kernels-cpu";
import { constant, identity, operator, placeholder, reduceSum } from "@org/ops";
import { describe, expect, it } from "vitest";
import { numbers, sessionOf, variable } from "./shared.ts";

/** An evaluator that answers later, like a GPU. */
function slow(): Backend {
  const inner = evaluatorBackend();
  const { downloadSync: _, ...backend } = inner;
  const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 1));
  return {
    ...backend,
    name: "SLOW",
    prepare: async (fusion, donated) => later(await inner.prepare(fusion, donated)),
    download: async (buffer) => later(await inner.download(buffer)),
  };
}

const graphOf = (graph: import("@org/graph").Graph): void => {
  const w = variable(graph, "w", [3], constant([1, 2, 3]));
  const x = placeholder("float32", [null, 3], { name: "x" });
  const sum = reduceSum(operator.mul(x, w), { axis: 0, name: "sum" });
  graph.createOp("AssignSub", [w, sum], { name: "train" });
  identity(w, { name: "read" });
};

const train = async (options: import("../src/index.ts").SessionOptions) => {
  const made = await sessionOf(graphOf, options);
  const { session } = made;
  await session.run("w/Assign");
  const feeds = { "x:0": [[1, 0, 0.5]] };
  const sums = [];
  for (let i = 0; i < 3; i++) sums.push(numbers(await session.run("sum:0", { feeds, targets: ["train"] })));
  return { ...made, sums, w: numbers(await session.run("w:0")) };
};

const expected = {
  sums: [
    [1, 0, 1.5],
    [0, 0, 0.75],
    [0, 0, 0.375],
  ],
  w: [0, 2, 0.375],
};

describe("backends", () => {
  it("that work in their own time give the same", async () => {
    const { session, sums, w } = await train({ backends: [slow], fallback: false });
    expect({ sums, w }).toEqual(expected);
    expect(() => session.runSync("read:0")).toThrow("runSync: the backend SLOW works in its own time");
    const { buffers } = session.stats();
    const feeds = { "x:0": [[0, 0, 0]] };
    const together = await Promise.all(
      [1, 2, 3].map(() => session.run(["read:0", "sum:0"], { feeds, targets: ["train"] })),
    );
    for (const [read] of together) expect(numbers(read)).toEqual(expected.w);
    expect(session.stats().buffers).toBe(buffers);
    await session.close();
  });

  it("that take only some instructions get those, and the next one the others", async () => {
    const some = (): Backend => ({
      ...evaluatorBackend(),
      name: "SOME",
      supports: (opcode) => opcode === "multiply",
    });
    const { session, sums, w } = await train({ backends: [some] });
    expect({ sums, w }).toEqual(expected);
    expect(session.backendOf("sum")).toBe("EVALUATOR");
    expect(session.placements().map(({ backend }) => backend)).toContain("SOME");
    expect(session.listDevices().map(({ deviceType }) => deviceType)).toEqual(["SOME", "EVALUATOR", "CPU"]);
    await session.close();
  });

  it("without a fallback list all that has no place", async () => {
    const none = (): Backend => ({ ...evaluatorBackend(), name: "NONE", supports: () => false });
    const { session } = await sessionOf(graphOf, { backends: [none], fallback: false });
    await session.run("w/Assign");
    const error = await session.run("sum:0", { feeds: { "x:0": [[1, 2, 3]] } }).catch((e) => e);
    expect(error).toBeInstanceOf(TfError);
    expect(error.code).toBe("UNIMPLEMENTED");
    expect(error.sentence).toMatch(/on NONE: .*mul \(Mul\): multiply .*sum \(Sum\): reduce/);
  });

  it("that refuse fusions get single instructions, then none", async () => {
    const picky = (): Backend => {
      const inner = evaluatorBackend();
      return {
        ...inner,
        name: "PICKY",
        prepare: (fusion, donated) =>
          fusion.computation.instructions.some(({ opcode }) => opcode === "reduce")
            ? { refused: "no reductions today" }
            : inner.prepare(fusion, donated),
      };
    };
    const { session, sums, w } = await train({ backends: [picky] });
    expect({ sums, w }).toEqual(expected);
    expect(session.backendOf("sum")).toBe("EVALUATOR");
    expect(session.backendOf("mul")).toBe("PICKY");
  });

  it("hold everything that a WebAssembly session computes", async () => {
    const { session, sums, w } = await train({ backends: [() => cpu()], fallback: false });
    expect({ sums, w }).toEqual(expected);
    expect(session.backendOf("train")).toBe("CPU");
  });
});

describe("host kernels", () => {
  it("reach the session's files and no others", async () => {
    const build = (graph: import("@org/graph").Graph): void => {
      const w = variable(graph, "w", [2], constant([1, 2]));
      const names = constant(["w"]);
      const slices = constant([""]);
      graph.createOp("SaveV2", [constant("/m"), names, slices, [w]], { name: "save" });
      graph.createOp("RestoreV2", [constant("/m"), names, slices], {
        name: "r",
        attrs: { dtypes: ["float32"] },
      });
    };
    const { session: closed } = await sessionOf(build);
    await closed.run("w/Assign");
    await expect(closed.run("save")).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      place: { node: "save" },
    });
    const { session } = await sessionOf(build, { fs: memoryFileSystem() });
    await expect(session.run("save")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await session.run("w/Assign");
    await session.run("save");
    expect(numbers(await session.run("r:0"))).toEqual([1, 2]);
    expect(() => session.runSync("r:0")).toThrow("runSync: RestoreV2 works in its own time");
  });

  it("hold strings, in variables too", async () => {
    const { session } = await sessionOf((graph) => {
      const s = variable(graph, "s", [2], constant(["a", "b"]));
      identity(s, { name: "read" });
      graph.createOp("IsVariableInitialized", [s], { name: "ready" });
    });
    expect(numbers(await session.run("ready:0"))).toEqual([0]);
    await expect(session.run("read:0")).rejects.toThrow("Attempting to use uninitialized value s");
    await session.run("s/Assign");
    const { data } = await session.run("read:0");
    expect((data as Uint8Array[]).map((bytes) => new TextDecoder().decode(bytes))).toEqual(["a", "b"]);
    expect(numbers(await session.run("ready:0"))).toEqual([1]);
  });
});

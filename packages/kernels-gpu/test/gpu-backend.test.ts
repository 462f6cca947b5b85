// The backend beyond its contract: batches, memory that is used again, what it refuses, what goes wrong on the device.
import { type Executable, HloBuilder, makeFusion } from "@org/hlo";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { blockSize } from "../src/buffers.ts";
import { gpu } from "../src/index.ts";
import { build, expectSame, inputsFor, runOn } from "./compare.ts";
import { describeGpu, openSharedDevice } from "./webgpu.ts";

describe("gpu() without WebGPU", () => {
  it("says so, and what to do", async () => {
    const none = { requestAdapter: async () => null } as unknown as GPU;
    await expect(gpu({ gpu: none })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      sentence: "WebGPU has no adapter: no GPU, or its driver is blocked or missing",
    });
    const { navigator } = globalThis as { navigator?: { gpu?: GPU } };
    if (!navigator?.gpu)
      await expect(gpu()).rejects.toMatchObject({
        code: "UNIMPLEMENTED",
        sentence: "There is no WebGPU here",
      });
  });
});

it("sizes of blocks waste at most a third and are few", () => {
  expect([0, 1, 256, 257, 384, 385, 1000, 1024, 1025].map(blockSize)).toEqual([
    256, 256, 256, 384, 384, 512, 1024, 1024, 1536,
  ]);
});

await describeGpu("gpu()", (root) => {
  let device: GPUDevice;
  let backend: Awaited<ReturnType<typeof gpu>>;
  beforeAll(async () => {
    device = await openSharedDevice(root);
  });
  afterAll(() => device.destroy());
  beforeEach(async () => {
    backend = await gpu({ device });
    return () => backend.close();
  });
  const addTo = async (amount: number, length: number): Promise<Executable> => {
    const computation = build((b) => {
      const x = b.parameter("float32", [length]);
      return [b.binary("add", x, b.broadcastTo(b.scalar("float32", amount), x.dims))];
    });
    return (await backend.prepare(makeFusion("loop", computation), [-1])) as Executable;
  };
  const floats = async (buffer: ReturnType<typeof backend.allocate>): Promise<number[]> => {
    const bytes = await backend.download(buffer);
    return [...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)];
  };

  it("submits once for many launches and for all downloads of a turn", async () => {
    const kernel = await addTo(1, 4);
    const [x, y] = [backend.upload(new Float32Array(4)), backend.allocate(16)];
    for (let k = 0; k < 25; k++) {
      backend.launch(kernel, [x], [y], 0);
      backend.launch(kernel, [y], [x], 0);
    }
    expect(backend.stats()).toMatchObject({ launches: 50, submits: 0 });
    const [a, b] = await Promise.all([floats(x), floats(y)]);
    expect([a, b]).toEqual([Array(4).fill(50), Array(4).fill(49)]);
    expect(backend.stats()).toMatchObject({ submits: 1, bytesDownloaded: 32, bytesUploaded: 16 });
    for (const buffer of [x, y]) backend.release(buffer);
  });

  it("goes on in another batch where one is full", async () => {
    const kernel = await addTo(1, 1);
    const [x, y] = [backend.upload(new Float32Array(1)), backend.allocate(4)];
    for (let k = 0; k < 1500; k++) backend.launch(kernel, k % 2 ? [y] : [x], k % 2 ? [x] : [y], 0);
    expect(await floats(x)).toEqual([1500]);
    for (const buffer of [x, y]) backend.release(buffer);
  });

  it("does not let an upload overtake launches that still read the memory", async () => {
    const kernel = await addTo(1, 64);
    const outputs = [1, 2, 3, 4].map((value) => {
      const [x, y] = [backend.upload(new Float32Array(64).fill(value)), backend.allocate(256)];
      backend.launch(kernel, [x], [y], 0);
      backend.release(x);
      return y;
    });
    const read = await Promise.all(outputs.map(floats));
    expect(read.map(([first]) => first)).toEqual([2, 3, 4, 5]);
    for (const buffer of outputs) backend.release(buffer);
    expect(backend.stats()).toMatchObject({ buffers: 0, bytesInUse: 0 });
  });

  it("gives a download what was there when it was asked for", async () => {
    const kernel = await addTo(1, 2);
    const [x, y] = [backend.upload(new Float32Array(2)), backend.allocate(8)];
    backend.launch(kernel, [x], [y], 0);
    const first = floats(y);
    backend.launch(kernel, [y], [x], 0);
    backend.launch(kernel, [x], [y], 0);
    const second = floats(y);
    expect([await first, await second]).toEqual([
      [1, 1],
      [3, 3],
    ]);
    for (const buffer of [x, y]) backend.release(buffer);
  });

  it("runs more workgroups than a grid is wide", async () => {
    const length = 64 * 65535 + 77;
    const computation = build((b) => {
      const i = b.iota("int32", [length], 0);
      return [b.binary("add", i, b.broadcastTo(b.parameter("int32", []), i.dims))];
    });
    const { results } = await runOn(backend, "loop", computation, inputsFor(computation, 1));
    const data = results[0]!.data as Int32Array;
    const first = data[0]!;
    expect(data.findIndex((value, i) => value !== first + i)).toBe(-1);
  });

  it("compiles a reduction once, whatever lies along it", async () => {
    for (const [rows, columns] of [
      [4, 3],
      [1, 100_000],
      [70_000, 2],
      [300, 300],
      [1, 1],
    ] as const) {
      for (const dimensions of [[0], [1]]) {
        const computation = build((b) => {
          const x = b.parameter("float32", [rows, columns]);
          const sum = b.reduce(b.binary("multiply", x, x), "add", dimensions);
          const most = b.reduce(x, "maximum", dimensions);
          return [b.binary("subtract", sum, most)];
        });
        await expectSame(backend, "reduce", computation, inputsFor(computation, rows));
      }
    }
    expect(backend.stats().compiled).toBe(2);
  });

  it("packs small elements: outputs of several widths from one kernel, in place too", async () => {
    for (const length of [1, 3, 4, 5, 63, 259]) {
      const computation = build((b) => {
        const p = b.parameter("bool", [length]);
        const x = b.parameter("float32", [length]);
        const positive = b.compare("GT", x, b.broadcastTo(b.scalar("float32", 0), x.dims));
        return [
          b.binary("xor", p, positive),
          b.convert(x, "float16"),
          b.convert(x, "int8"),
          b.unary("abs", x),
        ];
      });
      const inputs = inputsFor(computation, length);
      await expectSame(backend, "loop", computation, inputs);
      await expectSame(backend, "loop", computation, inputs, { donated: [0, -1, -1, 1] });
    }
    for (const rows of [1, 3, 9]) {
      const computation = build((b) => [b.reduce(b.parameter("bool", [rows, 70]), "or", [1])]);
      await expectSame(backend, "reduce", computation, inputsFor(computation, rows));
    }
  });

  it("finds division by zero, and says where", async () => {
    const computation = build((b) => [
      b.binary("divide", b.parameter("int32", [3]), b.parameter("int32", [3])),
    ]);
    const int32 = (...values: number[]) =>
      ({ dtype: "int32", shape: [3], data: Int32Array.from(values) }) as const;
    const { results, fault } = await runOn(backend, "loop", computation, [int32(7, -9, 4), int32(2, 0, 3)]);
    expect([...(results[0]!.data as Int32Array)]).toEqual([3, 0, 1]);
    expect(fault).toEqual({ reason: "divisionByZero", site: 7, value: -9, position: 1 });
    expect(backend.takeFault()).toBeUndefined();
  });

  it("knows faults after settle, without a download", async () => {
    const b = new HloBuilder("settled");
    const [x, y] = [b.parameter("int32", [1]), b.parameter("int32", [1])];
    const fusion = makeFusion("loop", b.build([b.binary("remainder", x, y)]));
    const kernel = (await backend.prepare(fusion, [-1])) as Executable;
    const buffers = [1, 0].map((value) => backend.upload(Int32Array.of(value)));
    const output = backend.allocate(4);
    backend.launch(kernel, buffers, [output], 12);
    expect(backend.takeFault()).toBeUndefined();
    await backend.settle!();
    expect(backend.takeFault()).toMatchObject({ site: 12, reason: "divisionByZero" });
    for (const buffer of [...buffers, output]) backend.release(buffer);
  });

  it("refuses memory that is not there, and types that WebGPU has not", async () => {
    const small = await gpu({ device, maximumBytes: 100 });
    const first = small.allocate(60);
    expect(() => small.allocate(60)).toThrow(/OOM when allocating 60 bytes on the GPU: 120 of at most 100/);
    small.release(first);
    expect(small.allocate(100).byteLength).toBe(100);
    await small.close();
    expect(() => backend.allocate(2 ** 40)).toThrow(/OOM when allocating 1099511627776 bytes/);
    expect(backend.supports("add", ["float64", "float64", "float64"])).toBe(false);
    expect(backend.supports("convert", ["int64", "int32"])).toBe(false);
    expect(backend.supports("add", ["float32", "float32", "float32"])).toBe(true);
  });

  it("has fewer buffers in a kernel than the device binds", async () => {
    expect(backend.maxBuffers).toBe(device.limits.maxStorageBuffersPerShaderStage - 2);
    const many = build((b) => {
      const inputs = Array.from({ length: backend.maxBuffers! }, () => b.parameter("float32", [2]));
      return [inputs.reduce((sum, x) => b.binary("add", sum, x))];
    });
    expect(await backend.prepare(makeFusion("loop", many), [-1])).toMatchObject({
      refused: expect.stringContaining("buffers; the device binds"),
    });
  });

  it("fails with UNAVAILABLE once the device is lost", async () => {
    const own = await openSharedDevice(root);
    const lost = await gpu({ device: own });
    const buffer = lost.upload(Float32Array.of(1));
    const download = lost.download(buffer);
    own.destroy();
    await expect(download).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await own.lost;
    expect(() => lost.allocate(4)).toThrow(/The GPU device was lost/);
    lost.release(buffer);
    expect(lost.stats().buffers).toBe(0);
    await lost.close();
  });
});

// A device that is lost: what fails, what is counted, and the next device.
import { type Executable, makeFusion } from "@org/hlo";
import { afterEach, beforeEach, expect, it } from "vitest";
import { gpu } from "../src/index.ts";
import { build } from "./compare.ts";
import { describeGpu, fragileGpu, openSharedDevice } from "./webgpu.ts";

type Backend = Awaited<ReturnType<typeof gpu>>;

const negation = build((b) => [b.unary("negate", b.parameter("float32", [3]))]);

const prepared = async (backend: Backend): Promise<Executable> =>
  (await backend.prepare(makeFusion("loop", negation), [-1])) as Executable;

/** The negated numbers. */
async function negate(
  backend: Backend,
  kernel: Executable,
  input: ReturnType<Backend["upload"]>,
): Promise<number[]> {
  const output = backend.allocate(12);
  backend.launch(kernel, [input], [output], 0);
  const bytes = await backend.download(output);
  backend.release(output);
  return [...new Float32Array(bytes.buffer, bytes.byteOffset, 3)];
}

await describeGpu("a lost device", (root) => {
  let backend: Backend;
  let lose: () => Promise<void>;
  beforeEach(async () => {
    const fragile = fragileGpu(root);
    lose = fragile.lose;
    backend = await gpu({ gpu: fragile.gpu });
  });
  afterEach(() => backend.close());

  it("is UNAVAILABLE for every call but those that give memory back", async () => {
    const kernel = await prepared(backend);
    const x = backend.upload(Float32Array.of(1, 2, 3));
    expect(x.isLost).toBe(false);
    const download = backend.download(x);
    const losing = lose();
    await expect(download).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await losing;
    expect(backend.recovery!.losses).toBe(1);
    expect(x.isLost).toBe(true);
    for (const call of [
      () => backend.allocate(4),
      () => backend.upload(Float32Array.of(1)),
      () => backend.launch(kernel, [x], [x], 0),
      () => backend.prepare(makeFusion("loop", negation), [-1]),
    ])
      expect(call).toThrow(/The GPU device was lost/);
    await expect(backend.download(x)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(backend.settle!()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    backend.release(x);
    expect(backend.stats().buffers).toBe(0);
  });

  it("makes what is being compiled useless", async () => {
    const preparing = prepared(backend);
    await lose();
    const use = await preparing.then(
      (kernel) => () => backend.launch(kernel, [], [], 0),
      (error) => () => {
        throw error;
      },
    );
    expect(use).toThrow(/The GPU device was lost/);
    await backend.recovery!.recover();
    const x = backend.upload(Float32Array.of(1, 2, 3));
    expect(await negate(backend, await prepared(backend), x)).toEqual([-1, -2, -3]);
  });

  it("is followed by another, on which kernels are compiled anew", async () => {
    const before = await prepared(backend);
    const old = backend.upload(Float32Array.of(1, 2, 3));
    expect(await negate(backend, before, old)).toEqual([-1, -2, -3]);
    const { compiled, launches, bytesUploaded } = backend.stats();
    expect(compiled).toBe(1);
    await lose();
    await Promise.all([backend.recovery!.recover(), backend.recovery!.recover()]);
    expect(backend.recovery!.losses).toBe(1);
    const after = await prepared(backend);
    const x = backend.upload(Float32Array.of(4, 5, 6));
    expect(await negate(backend, after, x)).toEqual([-4, -5, -6]);
    expect(backend.stats()).toMatchObject({
      compiled: 2,
      launches: launches + 1,
      bytesUploaded: bytesUploaded + 12,
    });

    // What was made before is of no use, and does not harm.
    expect(old.isLost).toBe(true);
    expect(() => backend.launch(after, [old], [x], 0)).toThrow(/The GPU device was lost/);
    expect(() => backend.launch(before, [x], [x], 0)).toThrow(/The GPU device was lost/);
    await expect(backend.download(old)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    backend.release(old);
    expect(() => backend.release(old)).toThrow(/released after its last release/);
    expect(await negate(backend, after, x)).toEqual([-4, -5, -6]);
    backend.release(x);
    expect(backend.stats()).toMatchObject({ buffers: 0, bytesInUse: 0 });
    await lose();
    expect(backend.recovery!.losses).toBe(2);
  });

  it("needs no recovery where it is not lost, and has none after close", async () => {
    const { recovery } = backend;
    await recovery!.recover();
    expect(recovery!.losses).toBe(0);
    await prepared(backend);
    await backend.close();
    expect(recovery!.losses).toBe(0);
    await expect(recovery!.recover()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("of the program's own is the program's to replace", async () => {
    const own = await openSharedDevice(root);
    const shared = await gpu({ device: own });
    own.destroy();
    await own.lost;
    expect(shared.recovery).toBeUndefined();
    expect(() => shared.allocate(4)).toThrow(/Open another device, a backend on it and a session/);
    await shared.close();
  });
});

// Convolutions with what follows them: both shaders of the product, and each element for itself.
import { type Backend, fuse, type HloBuilder, type HloInstruction, type Window } from "@org/hlo";
import { expect, it } from "vitest";
import { build, expectSame, inputsFor, runOn } from "./compare.ts";
import { backendOfBlock, describeGpu } from "./webgpu.ts";

const window = (...size: number[]): Window => ({
  size,
  strides: size.map(() => 1),
  padding: size.map((extent) => [extent - 1, 0] as const),
  dilation: size.map(() => 1),
  baseDilation: size.map(() => 1),
});

interface Shape {
  readonly images: number;
  readonly input: readonly number[];
  readonly size: readonly number[];
  readonly groups: number;
  /** Channels and outputs of a group. */
  readonly channels: number;
  readonly outputs: number;
}

function convolve(b: HloBuilder, { images, input, size, groups, channels, outputs }: Shape): HloInstruction {
  return b.convolution(
    b.parameter("float32", [images, ...input, groups * channels]),
    b.parameter("float32", [...size, channels, groups * outputs]),
    { window: window(...size), featureGroupCount: groups },
  );
}

/** Bias and relu behind it, and a residual. */
function layer(b: HloBuilder, value: HloInstruction): HloInstruction {
  const { dims } = value;
  const biased = b.binary("add", value, b.broadcastTo(b.parameter("float32", dims.slice(-1)), dims));
  const rectified = b.binary("maximum", biased, b.broadcastTo(b.scalar("float32", 0), dims));
  return b.binary("subtract", rectified, b.parameter("float32", dims));
}

const shapes: Readonly<Record<string, Shape>> = {
  "in tiles": { images: 3, input: [9, 8], size: [2, 3], groups: 1, channels: 3, outputs: 70 },
  "in slices": { images: 1, input: [2, 3], size: [2, 2], groups: 1, channels: 40, outputs: 20 },
  "in groups of tiles": { images: 2, input: [7], size: [3], groups: 2, channels: 4, outputs: 17 },
  "neighbours together": { images: 2, input: [5, 6], size: [3, 2], groups: 2, channels: 2, outputs: 6 },
  "each for itself": { images: 2, input: [5, 6], size: [3, 2], groups: 3, channels: 2, outputs: 2 },
};

await describeGpu("convolutions and what follows them", (root) => {
  let backend: Backend;
  backendOfBlock(root, (opened) => {
    backend = opened;
  });

  for (const [name, shape] of Object.entries(shapes)) {
    it(`${name}: bias, relu and a residual, in place of it too`, async () => {
      const computation = build((b) => [layer(b, convolve(b, shape))]);
      const { alsoFuses, maxBuffers } = backend;
      const { steps } = fuse(computation, { alsoFuses, maxBuffers });
      expect(steps.map(({ fusion }) => fusion.kind)).toEqual(["convolution"]);
      const inputs = inputsFor(computation, 3);
      await expectSame(backend, "convolution", computation, inputs);
      const residual = computation.parameters.length - 1;
      await expectSame(backend, "convolution", computation, inputs, { donated: [residual] });
    });

    it(`${name}: a mask of bool, and halves`, async () => {
      const mask = build((b) => {
        const value = convolve(b, shape);
        return [b.compare("GT", value, b.broadcastTo(b.scalar("float32", 0), value.dims))];
      });
      await expectSame(backend, "convolution", mask, inputsFor(mask, 5));
      const half = build((b) => [b.convert(convolve(b, shape), "float16")]);
      await expectSame(backend, "convolution", half, inputsFor(half, 7), { tolerance: 1e-3 });
    });
  }

  it("compile nothing for another batch", async () => {
    const run = async (images: number): Promise<number> => {
      const computation = build((b) => [layer(b, convolve(b, { ...shapes["in tiles"]!, images }))]);
      await expectSame(backend, "convolution", computation, inputsFor(computation, images));
      return backend.stats().compiled;
    };
    const compiled = await run(2);
    for (const images of [1, 7, 33]) expect(await run(images)).toBe(compiled);
  });

  it("divide integers by zero behind one: a fault, with its place", async () => {
    const computation = build((b) => {
      const value = b.convolution(b.parameter("int32", [1, 4, 2]), b.parameter("int32", [1, 2, 20]), {
        window: window(1),
        featureGroupCount: 1,
      });
      return [b.binary("divide", value, b.parameter("int32", value.dims))];
    });
    const inputs = inputsFor(computation, 1);
    const divisors = (inputs[2]!.data as Int32Array).fill(3);
    divisors[47] = 0;
    const { fault } = await runOn(backend, "convolution", computation, inputs);
    expect(fault).toMatchObject({ reason: "divisionByZero", site: 7, position: 47 });
  });
});

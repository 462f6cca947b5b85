import { evaluate, type Window } from "@org/hlo";
import { describe, expect, it } from "vitest";
import { cpu } from "../src/index.ts";
import { backend, build, expectSame, generator, inputsFor, runOnCpu } from "./compare.ts";

const plain = cpu({ relaxedSimd: false });

interface Geometry {
  readonly images: number;
  readonly input: readonly number[];
  readonly each: number;
  readonly columns: number;
  readonly groups: number;
  readonly window: Window;
}

const covered = (size: number, dilation: number): number => (size - 1) * dilation + 1;

/** A window on `input` with what it leaves at least 1, or undefined. */
function fits({ input, window }: Geometry): boolean {
  return input.every((extent, d) => {
    const base = (extent - 1) * window.baseDilation[d]! + 1;
    const [low, high] = window.padding[d]!;
    return base + low + high >= covered(window.size[d]!, window.dilation[d]!);
  });
}

function convolution({ images, input, each, columns, groups, window }: Geometry) {
  return build(JSON.stringify({ images, input, each, columns, groups, window }), (b) => {
    const x = b.parameter("float32", [images, ...input, each * groups]);
    const filter = b.parameter("float32", [...window.size, each, columns * groups]);
    return [b.convolution(x, filter, { window, featureGroupCount: groups })];
  });
}

function check(geometry: Geometry, tolerance = 1e-4): void {
  const computation = convolution(geometry);
  const inputs = inputsFor(computation, 5);
  expectSame("single", computation, inputs, { tolerance });
  expectSame("single", computation, inputs, { tolerance, on: plain });
}

/** A random geometry of `rank` spatial dimensions. */
function random(rank: number, next: () => number): Geometry {
  const upTo = (most: number): number => Math.floor(next() * (most + 1));
  const list = (of: () => number): number[] => Array.from({ length: rank }, of);
  const groups = [1, 1, 1, 2, 3][upTo(4)]!;
  return {
    images: 1 + upTo(2),
    input: list(() => 1 + upTo(rank === 3 ? 4 : 9)),
    each: 1 + upTo(5),
    columns: 1 + upTo(groups === 1 ? 17 : 4),
    groups,
    window: {
      size: list(() => 1 + upTo(3)),
      strides: list(() => 1 + upTo(2)),
      dilation: list(() => 1 + upTo(1)),
      baseDilation: list(() => [1, 1, 1, 2, 3][upTo(4)]!),
      padding: Array.from({ length: rank }, () => [upTo(4) - 1, upTo(4) - 1] as const),
    },
  };
}

const one = (size: number[], padding: number): Window => ({
  size,
  strides: size.map(() => 1),
  dilation: size.map(() => 1),
  baseDilation: size.map(() => 1),
  padding: size.map(() => [padding, padding] as const),
});

describe("float32 convolutions", () => {
  for (const rank of [1, 2, 3])
    it(`agree with the evaluator for random windows of ${rank} dimensions`, () => {
      const next = generator(rank);
      let done = 0;
      while (done < 120) {
        const geometry = random(rank, next);
        if (!fits(geometry)) continue;
        check(geometry);
        done++;
      }
    });

  it("one channel a group, with one and several outputs each", () => {
    const next = generator(7);
    let done = 0;
    while (done < 80) {
      const drawn = random(1 + (done % 3), next);
      const geometry = { ...drawn, each: 1, groups: 2 + (done % 9), columns: 1 + (done % 4) };
      if (!fits(geometry)) continue;
      check(geometry);
      done++;
    }
  });

  it("more rows than are done at once: of one image, of many, with a stretched base", () => {
    check({ images: 1, input: [75, 70], each: 3, columns: 5, groups: 1, window: one([3, 3], 1) });
    check({ images: 9, input: [40, 40], each: 4, columns: 3, groups: 1, window: one([3, 2], 1) });
    const stretched = { ...one([3, 3], 2), baseDilation: [2, 2] };
    check({ images: 2, input: [40, 37], each: 5, columns: 9, groups: 1, window: stretched });
    check({ images: 3, input: [9000], each: 2, columns: 4, groups: 1, window: one([5], 2) });
  });

  it("more channels than a block takes in", () => {
    check({ images: 1, input: [5, 5], each: 530, columns: 9, groups: 1, window: one([2, 2], 1) }, 1e-3);
    check({ images: 2, input: [6, 6], each: 100, columns: 12, groups: 1, window: one([3, 3], 1) }, 1e-3);
  });

  it("windows of one element are a matrix product", () => {
    check({ images: 2, input: [7, 5], each: 9, columns: 11, groups: 1, window: one([1, 1], 0) });
  });

  it("no channels give zeros, whatever the memory held", () => {
    const geometry = { images: 1, input: [4, 4], each: 0, columns: 3, groups: 1, window: one([2, 2], 0) };
    const computation = convolution(geometry);
    const [result] = runOnCpu("single", computation, inputsFor(computation, 1)).results;
    expect([...(result!.data as Float32Array)]).toEqual(new Array(27).fill(0));
  });

  it("NaN and infinity go where the evaluator has them", () => {
    const computation = convolution({
      images: 1,
      input: [6, 6],
      each: 2,
      columns: 3,
      groups: 1,
      window: one([3, 3], 1),
    });
    const inputs = inputsFor(computation, 2);
    (inputs[0]!.data as Float32Array)[0] = Number.NaN;
    (inputs[0]!.data as Float32Array)[71] = Number.POSITIVE_INFINITY;
    const [got] = runOnCpu("single", computation, inputs).results;
    const kinds = (data: ArrayLike<number>): string[] =>
      Array.from(data, (x) => (Number.isFinite(x) ? "" : `${x}`));
    expect(kinds(got!.data as Float32Array)).toEqual(
      kinds(evaluate(computation, inputs)[0]!.data as Float32Array),
    );
  });

  it("what follows is done to rows as they come, over a donated input and operand, in memory of its own", () => {
    const window = one([3, 3], 1);
    for (const [images, extent, groups] of [
      [5, 40, 1],
      [1, 90, 1],
      [3, 30, 4],
    ] as const) {
      const dims = [images, extent, extent, 4];
      const follow = (last: "float32" | "bool") =>
        build(`followed ${last}`, (b) => {
          const x = b.parameter("float32", dims);
          const filter = b.parameter("float32", [3, 3, 4 / groups, 4]);
          const result = b.convolution(x, filter, { window, featureGroupCount: groups });
          const bias = b.broadcastTo(b.parameter("float32", [4]), dims);
          const sum = b.binary("add", b.binary("add", result, bias), b.parameter("float32", dims));
          return [last === "bool" ? b.compare("GT", sum, bias) : b.unary("abs", sum)];
        });
      const computation = follow("float32");
      const inputs = inputsFor(computation, extent);
      for (const donated of [-1, 3, 0])
        expectSame("convolution", computation, inputs, { tolerance: 1e-4, donated: [donated] });
      const positive = follow("bool");
      expectSame("convolution", positive, inputsFor(positive, extent), { tolerance: 0 });
    }
  });

  it("compile nothing for another batch, window or number of channels", () => {
    const base = { images: 2, input: [8, 8], each: 3, columns: 8, groups: 1, window: one([3, 3], 1) };
    check(base);
    const { compiled } = backend.stats();
    for (const images of [1, 5]) check({ ...base, images });
    check({ ...base, each: 6, window: { ...one([2, 5], 2), strides: [2, 1] } });
    expect(backend.stats().compiled).toBe(compiled);
  });
});

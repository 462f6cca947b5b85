// Matrix products on both of their shaders: tiles and slices, in batches, transposed, over edges, with what follows them.
import type { HloBuilder, HloDType } from "@org/hlo";
import { afterAll, beforeAll, it } from "vitest";
import { gpu } from "../src/index.ts";
import { productCall } from "../src/tiled-product.ts";
import { build, expectSame, inputsFor } from "./compare.ts";
import { describeGpu } from "./webgpu.ts";

type Value = ReturnType<HloBuilder["parameter"]>;

/** [batch, m, n, k] with the shader that makes it. */
const sizes = [
  { dims: [3, 20, 40, 30], shader: "tiles" },
  { dims: [2, 65, 64, 9], shader: "tiles" },
  { dims: [1, 130, 190, 17], shader: "tiles" },
  { dims: [3, 5, 40, 30], shader: "slices" },
  { dims: [1, 1, 33, 500], shader: "slices" },
  { dims: [2, 40, 10, 128], shader: "slices" },
] as const;

await describeGpu("products", (root) => {
  let backend: Awaited<ReturnType<typeof gpu>>;
  beforeAll(async () => {
    backend = await gpu({ gpu: root });
  });
  afterAll(() => backend.close());

  const product = (
    b: HloBuilder,
    dtype: HloDType,
    dims: readonly number[],
    left: boolean,
    right: boolean,
  ): Value => {
    const [batch, m, n, k] = dims as [number, number, number, number];
    return b.dot(
      b.parameter(dtype, left ? [batch, m, k] : [batch, k, m]),
      b.parameter(dtype, right ? [batch, n, k] : [batch, k, n]),
      { lhsBatch: [0], rhsBatch: [0], lhsContracting: [left ? 2 : 1], rhsContracting: [right ? 2 : 1] },
    );
  };

  for (const { dims, shader } of sizes)
    it(`[${dims}] in ${shader}, as they lie and transposed`, async ({ expect }) => {
      const [batch, m, n, k] = dims;
      expect(productCall(batch, m, n, k).entry).toBe(shader);
      for (const left of [true, false])
        for (const right of [true, false]) {
          const computation = build((b) => [product(b, "float32", dims, left, right)]);
          await expectSame(backend, "dot", computation, inputsFor(computation, 5), { tolerance: 1e-4 });
        }
    });

  it("of integers, which wrap", async () => {
    for (const dtype of ["int32", "uint32"] as const)
      for (const dims of [
        [2, 20, 20, 20],
        [1, 2, 3, 100],
      ]) {
        const computation = build((b) => [product(b, dtype, dims, true, false)]);
        await expectSame(backend, "dot", computation, inputsFor(computation, 6), { tolerance: 0 });
      }
  });

  it("with a bias, a mask and a second output's worth of work behind them, in place of an input", async () => {
    for (const { dims } of sizes) {
      const [batch, m, n] = dims;
      const computation = build((b) => {
        const made = product(b, "float32", dims, true, false);
        const bias = b.broadcast(b.parameter("float32", [n]), made.dims, [2]);
        const sum = b.binary("add", made, bias);
        const relu = b.binary("maximum", sum, b.broadcastTo(b.scalar("float32", 0), sum.dims));
        return [b.binary("subtract", b.parameter("float32", [batch, m, n]), relu)];
      });
      const inputs = inputsFor(computation, 7);
      const last = computation.parameters.findIndex(({ dims: own }) => `${own}` === `${[batch, m, n]}`);
      await expectSame(backend, "dot", computation, inputs, { tolerance: 1e-4 });
      await expectSame(backend, "dot", computation, inputs, { tolerance: 1e-4, donated: [last] });
    }
  });
});

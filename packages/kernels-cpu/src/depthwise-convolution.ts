// Convolutions of one channel and one output a group (float32): vectors of channels over the taps.
import type { Refusal } from "@org/hlo";
import { prepareBlock } from "./block-kernel.ts";
import { type ChannelKernel, emitChannels } from "./channel-windows.ts";
import type { ConvolutionShape } from "./convolution-phases.ts";
import { denseStrides } from "./copy-kernel.ts";
import type { Convolve } from "./gathered-convolution.ts";
import { multiplyAdd } from "./gemm-micro.ts";
import { withTables } from "./kernel-tables.ts";
import type { Prepared, Workshop } from "./prepared.ts";
import { vectorLanes } from "./vector-lanes.ts";
import type { Expr } from "./wasm-assembler.ts";
import { f32x4 } from "./wasm-simd.ts";
import { type WalkedDimension, walkArguments, walkDimension, walkTables, walkValues } from "./window-walk.ts";

/** Bytes of the result after which it is handed on: a part of a second-level cache. */
const bytesAtOnce = 1 << 18;

/** x [N, spatial..., C] with filter [spatial..., 1, C]. */
export function prepareDepthwise(
  workshop: Workshop,
  { images, input, output, features, window }: ConvolutionShape,
): Convolve | Refusal | Promise<Convolve | Refusal> {
  const strides = denseStrides([images, ...input, features]).map((stride) => stride * 4);
  const taps = denseStrides([...window.size, features]).map((stride) => stride * 4);
  const ofImages: WalkedDimension = {
    output: images,
    table: Int32Array.from({ length: images * 3 }, (_, i) =>
      i % 3 === 0 ? 0 : i % 3 === 1 ? 1 : Math.floor(i / 3) * strides[0]!,
    ),
    elementStep: 0,
    tapStep: 0,
  };
  const walked = [
    ofImages,
    ...output.map((extent, d) =>
      walkDimension(window, d, { output: extent, input: input[d]! }, strides[d + 1]!, taps[d]!),
    ),
  ];
  const rows = output.reduce((a, b) => a * b, 1);
  const atOnce = Math.max(1, Math.floor(bytesAtOnce / (rows * features * 4)));
  let [image, count] = [0, images];
  const prepared = withTables(workshop, walkTables(walked), (address) =>
    prepareBlock(workshop, {
      key: `depthwise ${output.length}`,
      arguments: 4 + walked.length * walkArguments,
      mayFault: false,
      values: ([x, filter], [to]) => {
        const [, table, ...rest] = walkValues(walked, address());
        const start = to!.address + image * rows * features * 4;
        return [x!.address, filter!.address, start, features, count, table! + image * 12, ...rest];
      },
      emit: (context, [from, filter, to, channels, ...args]) => {
        const madd = multiplyAdd(context.relaxed);
        const kernel: ChannelKernel = {
          dtype: "float32",
          lanes: vectorLanes,
          initial: () => f32x4.const(0),
          take: (_, sum, element, weight) =>
            madd(element as Expr<"v128">, weight() as Expr<"v128">, sum as Expr<"v128">),
        };
        emitChannels(context, kernel, [from!, filter!, to!, channels!], args);
      },
    }),
  );
  const finish = (made: Prepared | Refusal): Convolve | Refusal =>
    "refused" in made
      ? made
      : (x, filter, to, done) => {
          for (image = 0; image < images; image += atOnce) {
            count = Math.min(atOnce, images - image);
            made.run([x, filter], [to]);
            done?.(image * rows, count * rows);
          }
        };
  return prepared instanceof Promise ? prepared.then(finish) : finish(prepared);
}

// What convolution graphs compute, in plain loops: enough of Conv2D, its relatives and what the optimizer makes of them to see that a graph
// gives the same before and after. NHWC unless said; stride 1. Not a model of the engine.
import type { IGraphDef, INodeDef } from "@org/proto";
import { type NdArray, ndArray, tensorFromProto } from "@org/tensor";
import { nodeNameFromInput } from "../src/index.ts";

type Image = NdArray<"float32">;

/** The value of a node, with all that it needs. */
export function computed(graph: IGraphDef, name: string): NdArray {
  const node = graph.node!.find((one) => one.name === name);
  if (node === undefined) throw new Error(`There is no node ${name}`);
  const inputs = (node.input ?? []).map((input) => computed(graph, nodeNameFromInput(input)));
  const kernel = kernels[node.op ?? ""];
  if (kernel === undefined) throw new Error(`${node.op} is not among the ops of this test`);
  return kernel(node, inputs as Image[]);
}

const textOf = (node: INodeDef, key: string): string =>
  new TextDecoder().decode(node.attr?.[key]?.s ?? new Uint8Array());

/** An image with dimensions in another order. */
function permuted(image: Image, order: readonly number[]): Image {
  const shape = order.map((dim) => image.shape[dim]!);
  const out = ndArray("float32", shape);
  const strides = image.shape.map((_, dim) => image.shape.slice(dim + 1).reduce((a, b) => a * b, 1));
  out.data.forEach((_, flat) => {
    let rest = flat;
    let at = 0;
    for (let i = order.length - 1; i >= 0; i--) {
      at += (rest % shape[i]!) * strides[order[i]!]!;
      rest = Math.floor(rest / shape[i]!);
    }
    out.data[flat] = image.data[at]!;
  });
  return out;
}

/** Runs `fn` on NHWC images, whatever the node's layout. */
function inNhwc(node: INodeDef, image: Image, fn: (image: Image) => Image): Image {
  if (textOf(node, "data_format") !== "NCHW") return fn(image);
  return permuted(fn(permuted(image, [0, 2, 3, 1])), [0, 3, 1, 2]);
}

function convolve(node: INodeDef, image: Image, filter: Image, isDepthwise: boolean): Image {
  const [batch, height, width, depth] = image.shape as [number, number, number, number];
  const [fh, fw, , multiplier] = filter.shape as [number, number, number, number];
  const same = textOf(node, "padding") === "SAME";
  const [oh, ow] = same ? [height, width] : [height - fh + 1, width - fw + 1];
  const [top, left] = same ? [Math.floor((fh - 1) / 2), Math.floor((fw - 1) / 2)] : [0, 0];
  const channels = isDepthwise ? depth * multiplier : multiplier;
  const out = ndArray("float32", [batch, oh, ow, channels]);
  for (let b = 0; b < batch; b++)
    for (let y = 0; y < oh; y++)
      for (let x = 0; x < ow; x++)
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (let i = 0; i < fh; i++)
            for (let j = 0; j < fw; j++)
              for (let d = 0; d < depth; d++) {
                if (isDepthwise && d !== Math.floor(c / multiplier)) continue;
                const [r, s] = [y + i - top, x + j - left];
                if (r < 0 || s < 0 || r >= height || s >= width) continue;
                const weight =
                  filter.data[((i * fw + j) * depth + d) * multiplier + (isDepthwise ? c % multiplier : c)]!;
                sum += image.data[((b * height + r) * width + s) * depth + d]! * weight;
              }
          out.data[((b * oh + y) * ow + x) * channels + c] = sum;
        }
  return out;
}

/** Bilinear, corners not aligned unless the node says so. */
function resize(image: Image, size: NdArray, alignCorners: boolean): Image {
  const [batch, height, width, depth] = image.shape as [number, number, number, number];
  const [oh, ow] = Array.from(size.data as Int32Array) as [number, number];
  const scale = (from: number, to: number) => (alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to);
  const out = ndArray("float32", [batch, oh, ow, depth]);
  const at = (b: number, y: number, x: number, d: number) =>
    image.data[((b * height + y) * width + x) * depth + d]!;
  for (let b = 0; b < batch; b++)
    for (let y = 0; y < oh; y++)
      for (let x = 0; x < ow; x++)
        for (let d = 0; d < depth; d++) {
          const [fy, fx] = [y * scale(height, oh), x * scale(width, ow)];
          const [y0, x0] = [Math.floor(fy), Math.floor(fx)];
          const [y1, x1] = [Math.min(y0 + 1, height - 1), Math.min(x0 + 1, width - 1)];
          const top = at(b, y0, x0, d) + (at(b, y0, x1, d) - at(b, y0, x0, d)) * (fx - x0);
          const low = at(b, y1, x0, d) + (at(b, y1, x1, d) - at(b, y1, x0, d)) * (fx - x0);
          out.data[((b * oh + y) * ow + x) * depth + d] = top + (low - top) * (fy - y0);
        }
  return out;
}

function mirrorPad(image: Image, paddings: NdArray, mode: string): Image {
  const pads = Array.from(paddings.data as Int32Array);
  const shape = image.shape.map((dim, i) => dim + pads[2 * i]! + pads[2 * i + 1]!);
  const out = ndArray("float32", shape);
  const mirrored = (index: number, dim: number) => {
    const edge = mode === "REFLECT" ? 0 : 1;
    if (index < 0) return -index - edge;
    return index >= dim ? 2 * dim - 2 - index + edge : index;
  };
  out.data.forEach((_, flat) => {
    let rest = flat;
    let at = 0;
    let stride = 1;
    for (let i = shape.length - 1; i >= 0; i--) {
      at += mirrored((rest % shape[i]!) - pads[2 * i]!, image.shape[i]!) * stride;
      stride *= image.shape[i]!;
      rest = Math.floor(rest / shape[i]!);
    }
    out.data[flat] = image.data[at]!;
  });
  return out;
}

/** `fn` of each element and its channel. */
function eachChannel(image: Image, fn: (value: number, channel: number) => number): Image {
  const channels = image.shape.at(-1)!;
  return ndArray(
    "float32",
    image.shape,
    image.data.map((value, i) => fn(value, i % channels)),
  );
}

const normalize =
  (order: readonly ("mean" | "variance" | "beta" | "gamma")[], epsilonKey: string) =>
  (node: INodeDef, [image, ...rest]: Image[]): Image => {
    const at = (role: (typeof order)[number], c: number) => rest[order.indexOf(role)]!.data[c]!;
    const epsilon = node.attr![epsilonKey]!.f!;
    const scales = node.attr!.scale_after_normalization?.b ?? true;
    return inNhwc(node, image!, (nhwc) =>
      eachChannel(nhwc, (value, c) => {
        const scale = (scales ? at("gamma", c) : 1) / Math.sqrt(at("variance", c) + epsilon);
        return (value - at("mean", c)) * scale + at("beta", c);
      }),
    );
  };

const kernels: { readonly [op: string]: (node: INodeDef, inputs: Image[]) => NdArray } = {
  Const: (node) => tensorFromProto(node.attr!.value!.tensor!),
  Conv2D: (node, [image, filter]) => inNhwc(node, image!, (nhwc) => convolve(node, nhwc, filter!, false)),
  DepthwiseConv2dNative: (node, [image, filter]) =>
    inNhwc(node, image!, (nhwc) => convolve(node, nhwc, filter!, true)),
  BiasAdd: (node, [image, bias]) =>
    inNhwc(node, image!, (nhwc) => eachChannel(nhwc, (value, c) => value + bias!.data[c]!)),
  BatchNormWithGlobalNormalization: normalize(["mean", "variance", "beta", "gamma"], "variance_epsilon"),
  FusedBatchNorm: normalize(["gamma", "beta", "mean", "variance"], "epsilon"),
  FusedBatchNormV3: normalize(["gamma", "beta", "mean", "variance"], "epsilon"),
  ResizeBilinear: (node, [image, size]) => resize(image!, size!, node.attr!.align_corners!.b!),
  MirrorPad: (node, [image, paddings]) => mirrorPad(image!, paddings!, textOf(node, "mode")),
  FusedPadConv2D: (node, [image, paddings, filter]) =>
    convolve(node, mirrorPad(image!, paddings!, textOf(node, "mode")), filter!, false),
  FusedResizeAndPadConv2D: (node, [image, size, paddings, filter]) => {
    const resized = resize(image!, size!, node.attr!.resize_align_corners!.b!);
    return convolve(node, mirrorPad(resized, paddings!, textOf(node, "mode")), filter!, false);
  },
};

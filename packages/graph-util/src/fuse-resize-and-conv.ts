// Joins a resize and a mirror padding with the convolution after them. Source: python/tools/optimize_for_inference_lib.py (fuse_resize_and_conv).
// Unlike TensorFlow: what the fused ops cannot express (NCHW, dilations, explicit paddings, half-pixel centers) is left as it is, control inputs
// stay, and a resize or padding that others read stays for them.
import type { IAttrValue, IGraphDef, INodeDef } from "@org/proto";
import { dtypes, ndArray } from "@org/tensor";
import { constNode } from "./const-node.ts";
import { changedNode, type NodeGraph, nameList, nodesByName, nodesOf, withNodes } from "./graph-nodes.ts";
import { isControlInput, nodeNameFromInput } from "./node-names.ts";

/**
 * The graph with FusedResizeAndPadConv2D and FusedPadConv2D in place of Conv2D nodes whose input is a ResizeBilinear, a MirrorPad, or a MirrorPad of
 * a ResizeBilinear. `outputNodeNames` stay though nothing reads them. As fuse_resize_and_conv.
 * Throws a TypeError where `graphDef` is no GraphDef; TfError INVALID_ARGUMENT for two nodes of one name.
 */
export function fuseResizeAndConv(graphDef: IGraphDef, outputNodeNames: Iterable<string>): NodeGraph {
  const nodes = nodesOf(graphDef);
  const byName = nodesByName(nodes);
  const outputs = new Set(nameList(outputNodeNames, "output_node_names").map(nodeNameFromInput));
  const uses = new Map<string, number>();
  const count = (name: string, by: number): number => {
    const now = (uses.get(name) ?? 0) + by;
    uses.set(name, now);
    return now;
  };
  for (const node of nodes) for (const input of node.input ?? []) count(nodeNameFromInput(input), 1);
  for (const name of outputs) count(name, 1);

  const replaced = new Map<string, readonly INodeDef[]>();
  for (const conv of nodes) {
    const parts = fusable(conv, byName);
    if (parts === undefined) continue;
    replaced.set(conv.name ?? "", fusedNodes(conv, parts, byName));
    // A chain that only this convolution read is gone with it.
    for (const part of [parts.pad, parts.resize]) {
      if (part === undefined) continue;
      if (count(part.name ?? "", -1) > 0) break;
      replaced.set(part.name ?? "", []);
    }
  }
  if (replaced.size === 0) return withNodes(graphDef, nodes);
  return withNodes(
    graphDef,
    nodes.flatMap((node) => replaced.get(node.name ?? "") ?? [node]),
  );
}

interface Parts {
  readonly pad: INodeDef | undefined;
  readonly resize: INodeDef | undefined;
}

const fusedTypes: ReadonlySet<number> = new Set([
  dtypes.float16.number,
  dtypes.float32.number,
  dtypes.float64.number,
]);

/** What can be fused into `conv`; undefined where nothing can. */
function fusable(conv: INodeDef, byName: ReadonlyMap<string, INodeDef>): Parts | undefined {
  if (conv.op !== "Conv2D" || !isPlain(conv)) return undefined;
  const source = (node: INodeDef): INodeDef | undefined => {
    const input = node.input?.[0];
    return input === undefined ? undefined : byName.get(nodeNameFromInput(input));
  };
  const input = source(conv);
  const pad = input?.op === "MirrorPad" && isInt32(input.attr?.Tpaddings) ? input : undefined;
  const before = pad === undefined ? input : source(pad);
  const resize =
    before?.op === "ResizeBilinear" && !before.attr?.half_pixel_centers?.b && hasType(before, conv)
      ? before
      : undefined;
  return pad === undefined && resize === undefined ? undefined : { pad, resize };
}

const isInt32 = (attr: IAttrValue | undefined): boolean =>
  (attr?.type ?? dtypes.int32.number) === dtypes.int32.number;

/** A resize gives float32, whatever it takes: the fused op has one type for both. */
const hasType = (resize: INodeDef, conv: INodeDef): boolean =>
  resize.attr?.T?.type === conv.attr?.T?.type && conv.attr?.T?.type === dtypes.float32.number;

/** Whether a convolution says nothing that the fused ops cannot. */
function isPlain({ attr }: INodeDef): boolean {
  const format = new TextDecoder().decode(attr?.data_format?.s ?? new Uint8Array(0));
  const dilations = attr?.dilations?.list?.i ?? [];
  const padding = new TextDecoder().decode(attr?.padding?.s ?? new Uint8Array(0));
  return (
    fusedTypes.has(attr?.T?.type ?? 0) &&
    (format === "" || format === "NHWC") &&
    padding !== "EXPLICIT" &&
    dilations.every((dilation) => Number(dilation) === 1)
  );
}

/** The fused node under the convolution's name, after the paddings that it needs. */
function fusedNodes(
  conv: INodeDef,
  { pad, resize }: Parts,
  byName: ReadonlyMap<string, INodeDef>,
): INodeDef[] {
  const made: INodeDef[] = [];
  let paddings = pad?.input?.[1];
  if (paddings === undefined) {
    // Paddings of nothing: the fused op has no form without them.
    let name = `${conv.name}_dummy_paddings`;
    for (let i = 1; byName.has(name); i++) name = `${conv.name}_dummy_paddings_${i}`;
    made.push(constNode(name, ndArray("int32", [4, 2]), { device: conv.device }));
    paddings = name;
  }
  const control = new Set([resize, pad, conv].flatMap((node) => (node?.input ?? []).filter(isControlInput)));
  const data = resize ? resize.input!.slice(0, 2) : pad!.input!.slice(0, 1);
  const attr: { [key: string]: IAttrValue } = {};
  const put = (key: string, value: IAttrValue | undefined): void => {
    if (value) attr[key] = value;
  };
  put("T", conv.attr?.T);
  put("mode", pad ? pad.attr?.mode : { s: new TextEncoder().encode("REFLECT") });
  put("strides", conv.attr?.strides);
  put("padding", conv.attr?.padding);
  if (resize) put("resize_align_corners", resize.attr?.align_corners);
  for (const [key, value] of Object.entries(conv.attr ?? {})) if (key.startsWith("_")) put(key, value);
  made.push(
    changedNode(conv, {
      op: resize ? "FusedResizeAndPadConv2D" : "FusedPadConv2D",
      input: [...data, paddings, conv.input![1]!, ...control],
      attr,
    }),
  );
  return made;
}

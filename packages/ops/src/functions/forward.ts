// What a gradient computes again. The gradient of a function has the function's nodes in it once more, and random ops among them have to
// draw what they drew going forward: a node that computes another's part again says whose. It says so in an internal attribute, which
// TensorFlow carries along and does not look at: run there, such a graph draws anew.
import type { AttrInput, Operation } from "@org/graph";
import type { IAttrValue } from "@org/proto";
import { functionAttr } from "./call.ts";

const attr = "_forward";
const utf8 = new TextEncoder();
const text = new TextDecoder();

/**
 * The attribute of a node that computes again what the node of the first name does, or what stands in its place under the further ones;
 * without names: what the call around it does.
 */
export function forwardAttrs(...names: readonly string[]): Readonly<Record<string, IAttrValue>> {
  return { [attr]: { list: { s: names.map((name) => utf8.encode(name)) } } };
}

/** The same for createOp. */
export function forwardInput(...names: readonly string[]): Readonly<Record<string, AttrInput>> {
  return { [attr]: { raw: forwardAttrs(...names)[attr]! } };
}

/** What `op` computes again, as `forwardAttrs` says it; undefined for a node that computes nothing again. */
export function forwardOf(op: Operation): readonly string[] | undefined {
  const stated = op.attrMap.get(attr)?.list;
  if (stated) return (stated.s ?? []).map((bytes) => text.decode(bytes));
  return op.type === "SymbolicGradient" ? calledWithTheSame(op) : undefined;
}

/** The call whose gradient a SymbolicGradient is: of the same function with the same inputs; of several, the one that its scope names. */
function calledWithTheSame(op: Operation): readonly string[] | undefined {
  const { name } = functionAttr(op, "f");
  const [first] = op.inputs;
  if (first === undefined || op.graph.library.gradientOf(name)) return undefined;
  const calls = op.graph
    .consumersOf(first)
    .filter(
      (call) =>
        call !== op &&
        (call.type === name ||
          (/PartitionedCall$/.test(call.type) && functionAttr(call, "f").name === name)) &&
        call.inputs.length < op.inputs.length &&
        call.inputs.every((input, i) => input === op.inputs[i]),
    );
  const own = calls.length > 1 ? calls.filter((call) => op.name.includes(`${baseName(call)}_grad/`)) : calls;
  return own.length === 1 ? [own[0]!.name] : undefined;
}

const baseName = ({ name }: Operation): string => name.slice(name.lastIndexOf("/") + 1);

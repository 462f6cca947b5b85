// Signatures in saved_model_cli's words and layout, so that what reads its output reads ours.
// Source: python/tools/saved_model_cli.py.
import type { Description, SignatureDescription } from "@org/metagraph";
import { type DType, dtypes, type Shape } from "@org/tensor";

/** What `saved_model_cli show --all` prints of a MetaGraph, in parts that stand apart by an empty line. */
export function signatureSections({ signatures, tags }: Pick<Description, "signatures" | "tags">): string[] {
  return [
    `MetaGraphDef with tag-set: '${tags.join(", ")}' contains the following SignatureDefs:`,
    ...byKey(signatures).map(
      (signature) => `signature_def['${signature.key}']:\n${signatureText(signature, "  ")}`,
    ),
  ];
}

/** What `saved_model_cli show --signature_def` prints. */
export function signatureText({ inputs, outputs, methodName }: SignatureDescription, indent = ""): string {
  return [...side("input", inputs), ...side("output", outputs), `Method name is: ${methodName}`]
    .map((line) => indent + line)
    .join("\n");
}

function side(which: "input" | "output", tensors: SignatureDescription["inputs"]): string[] {
  return [
    `The given SavedModel SignatureDef contains the following ${which}(s):`,
    ...byKey(tensors).flatMap(({ key, name, dtype, shape }) => [
      `  ${which}s['${key}'] tensor_info:`,
      `      dtype: ${dataTypeName(dtype)}`,
      `      shape: ${shapeText(shape)}`,
      `      name: ${name}`,
    ]),
  ];
}

/** What has a key, in order of the keys. */
export const byKey = <T extends { readonly key: string }>(items: readonly T[]): T[] =>
  [...items].sort((a, b) => (a.key < b.key ? -1 : 1));

/** DT_FLOAT; DT_INVALID where there is none. */
export const dataTypeName = (dtype: string | undefined): string =>
  dtype === undefined ? "DT_INVALID" : `DT_${dtypes[dtype as DType].cc.toUpperCase()}`;

const shapeText = (shape: Shape): string =>
  shape.dims ? `(${shape.dims.map((dim) => dim ?? -1).join(", ")})` : "unknown_rank";

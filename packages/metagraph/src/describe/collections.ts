// Collections as they are in the file, and signatures.
import type { ICollectionDef, ISignatureDef, ITensorInfo } from "@org/proto";
import { Shape, shapeFromProto } from "@org/tensor";
import type { CollectionDescription, SignatureDescription } from "./description.ts";
import { typeName } from "./node-outputs.ts";
import { variableKeys } from "./variables.ts";

/** One collection. */
export function describeCollection(key: string, def: ICollectionDef): CollectionDescription {
  if (def.nodeList) return listed(key, "node", def.nodeList.value ?? []);
  if (def.int64List) return listed(key, "int64", (def.int64List.value ?? []).map(BigInt));
  if (def.floatList) return listed(key, "float", def.floatList.value ?? []);
  if (def.anyList) {
    const urls = (def.anyList.value ?? []).map((any) => any.typeUrl ?? "");
    return listed(key, "any", urls);
  }
  if (!def.bytesList) return listed(key, "none", []);
  const items = def.bytesList.value ?? [];
  const texts = items.map(printable);
  const values = variableKeys.has(key) || texts.includes(undefined) ? [] : (texts as string[]);
  return { key, kind: "bytes", count: items.length, values };
}

const listed = (
  key: string,
  kind: CollectionDescription["kind"],
  values: readonly (string | number | bigint)[],
) => ({
  key,
  kind,
  count: values.length,
  values,
});

function printable(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return /^[\P{Cc}\s]*$/u.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** One signature. Throws TfError INVALID_ARGUMENT for a shape that cannot be. */
export function describeSignature(key: string, signature: ISignatureDef): SignatureDescription {
  const side = (infos: { [key: string]: ITensorInfo } | null | undefined) =>
    Object.entries(infos ?? {}).map(([name, info]) => ({
      key: name,
      name: info.name ?? info.cooSparse?.valuesTensorName ?? "",
      dtype: typeName(info.dtype),
      shape: info.tensorShape ? shapeFromProto(info.tensorShape) : Shape.unknown,
    }));
  return {
    key,
    methodName: signature.methodName ?? "",
    inputs: side(signature.inputs),
    outputs: side(signature.outputs),
  };
}

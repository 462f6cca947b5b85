// One JSON document of what messages and tensors hold. As protobuf's JSON has it: 64-bit integers are strings, and so are NaN and
// the infinities; bytes that are no UTF-8 text are base64, under that name. Shapes are lists, -1 for what is not known, null
// for an unknown rank.
import { Shape } from "@org/tensor";

/** The document, indented. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => plain(item), 2);
}

function plain(item: unknown): unknown {
  if (typeof item === "bigint") return String(item);
  if (typeof item === "number" && !Number.isFinite(item)) return String(item);
  if (item instanceof Uint8Array) return bytesJson(item);
  if (item instanceof Shape) return item.dims?.map((dim) => dim ?? -1) ?? null;
  return item;
}

/** Text where the bytes are UTF-8. */
function bytesJson(bytes: Uint8Array): string | { readonly base64: string } {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}

// Arrays as NumPy shows them, for sentences about values that are known while a graph is built: "[1 2]", "[1.  2.5]", rows below each other.
import { dtypes, type NdArray, sizeOf, toElements } from "@org/tensor";
import { summarizeValue } from "../host/assert-op.ts";

/** Each element's text, before they are aligned. */
function elementTexts(array: NdArray): string[] {
  const { kind } = dtypes[array.dtype];
  if (kind === "bool") return toElements(array).map((element) => (element ? "True" : "False"));
  if (kind === "string") return toElements(array).map((element) => `b'${element}'`);
  const texts = summarizeValue({ ...array, shape: [sizeOf(array.shape)] }, -1).split(" ");
  return kind === "float" ? texts.map((text) => (/^-?\d+$/.test(text) ? `${text}.` : text)) : texts;
}

/** Pads to the same place of the point, or of the end where there is none. */
function aligned(texts: readonly string[]): string[] {
  const parts = texts.map((text) => {
    const point = text.indexOf(".");
    return point === -1 ? [text, ""] : [text.slice(0, point), text.slice(point)];
  }) as [string, string][];
  const before = Math.max(0, ...parts.map(([whole]) => whole.length));
  const after = Math.max(0, ...parts.map(([, fraction]) => fraction.length));
  return parts.map(([whole, fraction]) => whole.padStart(before) + fraction.padEnd(after));
}

/** The array in brackets; a scalar as its element alone. */
export function arrayText(array: NdArray): string {
  const { shape } = array;
  const plain = elementTexts(array);
  if (shape.length === 0) return plain[0]!;
  const texts = dtypes[array.dtype].kind === "string" ? plain : aligned(plain);
  let at = 0;
  const level = (axis: number): string => {
    const count = shape[axis]!;
    if (axis === shape.length - 1) {
      at += count;
      return `[${texts.slice(at - count, at).join(" ")}]`;
    }
    const rows = Array.from({ length: count }, () => level(axis + 1));
    return `[${rows.join(`${"\n".repeat(shape.length - 1 - axis)}${" ".repeat(axis + 1)}`)}]`;
  };
  return level(0);
}

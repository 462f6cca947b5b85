// An NdArray as text, about as numpy prints it: aligned columns, "..." where it is long. For people, not for parsing.
// Source: the output of numpy.array2string.
import { type DType, dtypes } from "./dtype.ts";
import { type NdArray, sizeOf } from "./nd-array.ts";
import { type Element, toElements } from "./read-out.ts";

export interface FormatOptions {
  /** More elements than this are abbreviated. Default 1000. */
  readonly threshold?: number;
  /** Elements shown at both ends of an abbreviated axis. Default 3. */
  readonly edgeItems?: number;
  /** Digits after the point, at most. Default 8. */
  readonly precision?: number;
  /** Characters a line. Default 75. */
  readonly lineWidth?: number;
}

/** The values as text: "[[1. 2.]\n [3. 4.]]". */
export function formatNdArray(array: NdArray, options: FormatOptions = {}): string {
  const { threshold = 1000, edgeItems = 3, precision = 8, lineWidth = 75 } = options;
  const { shape } = array;
  const size = sizeOf(shape);
  if (size === 0) return shape.length === 1 ? "[]" : `[], shape=(${shape.join(", ")})`;
  const short = size > threshold;
  const elements = toElements(array);
  /** Indices along an axis that are shown; -1 stands for the dots. */
  const shown = (dim: number): number[] => {
    if (!short || dim <= 2 * edgeItems) return Array.from({ length: dim }, (_, i) => i);
    const head = Array.from({ length: edgeItems }, (_, i) => i);
    return [...head, -1, ...head.map((i) => dim - edgeItems + i)];
  };
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const cells: number[] = [];
  const gather = (axis: number, offset: number): void => {
    if (axis === shape.length) cells.push(offset);
    else for (const i of shown(shape[axis]!)) if (i >= 0) gather(axis + 1, offset + i * strides[axis]!);
  };
  gather(0, 0);
  const texts = new Map<number, string>();
  const printed = printElements(
    array.dtype,
    cells.map((at) => elements[at]!),
    precision,
  );
  cells.forEach((at, i) => {
    texts.set(at, printed[i]!);
  });
  const level = (axis: number, offset: number, indent: string): string => {
    if (axis === shape.length) return texts.get(offset)!;
    const parts = shown(shape[axis]!).map((i) =>
      i < 0 ? "..." : level(axis + 1, offset + i * strides[axis]!, `${indent} `),
    );
    if (axis < shape.length - 1) {
      const gap = "\n".repeat(shape.length - 1 - axis);
      return `[${parts.join(`${gap}${indent} `)}]`;
    }
    const lines: string[] = [];
    let line = "";
    for (const part of parts) {
      if (line !== "" && indent.length + line.length + part.length + 2 > lineWidth) {
        lines.push(line);
        line = part;
      } else line = line === "" ? part : `${line} ${part}`;
    }
    return `[${[...lines, line].join(`\n${indent} `)}]`;
  };
  return level(0, 0, "");
}

/** Texts of equal width, numbers aligned at the point. */
function printElements(dtype: DType, values: readonly Element[], precision: number): string[] {
  const { kind } = dtypes[dtype];
  if (kind === "string") return values.map((value) => JSON.stringify(value));
  if (kind === "resource" || kind === "variant") return values.map(() => `<${dtype}>`);
  if (kind === "bool") return alignRight(values.map((value) => (value ? "True" : "False")));
  if (kind === "complex") {
    const parts = values as readonly { re: number; im: number }[];
    const re = printFloats(
      parts.map(({ re }) => re),
      precision,
      dtype === "complex64",
    );
    const im = printFloats(
      parts.map(({ im }) => im),
      precision,
      dtype === "complex64",
    );
    return re.map((text, i) => `${text}${/^\s*-/.test(im[i]!) ? "" : "+"}${im[i]!.trim()}j`);
  }
  if (kind === "float") return printFloats(values as readonly number[], precision, dtype !== "float64");
  return alignRight(values.map(String));
}

/** All in fixed point, or all with exponents where the range is too wide for that, as numpy decides. */
function printFloats(values: readonly number[], precision: number, single: boolean): string[] {
  const finite = values.filter((value) => Number.isFinite(value));
  const sizes = finite.map(Math.abs).filter((value) => value !== 0);
  const [smallest, largest] = [Math.min(...sizes), Math.max(...sizes)];
  const exponents =
    sizes.length > 0 && (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000 * 1e5);
  const texts = values.map((value) => {
    if (Number.isNaN(value)) return "nan";
    if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
    if (exponents) {
      const [mantissa, exponent] = trimmed(value, precision, single, true).split("e") as [string, string];
      const digits = mantissa.includes(".") ? mantissa : `${mantissa}.`;
      return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
    }
    const text = trimmed(value, precision, single, false);
    return text.includes(".") ? text : `${text}.`;
  });
  // Pad after the point too, so that the points stand under each other.
  const after = (text: string) => (/[.]/.test(text) ? text.length - text.indexOf(".") : 0);
  const width = exponents ? 0 : Math.max(...texts.map(after));
  return alignRight(
    texts.map((text) => (exponents || !text.includes(".") ? text : text + " ".repeat(width - after(text)))),
  );
}

/** The shortest digits that read back as the value (as a float32 where `single`), at most `precision` after the point. */
function trimmed(value: number, precision: number, single: boolean, exponent: boolean): string {
  for (let digits = 0; digits < precision; digits++) {
    const text = exponent ? value.toExponential(digits) : value.toFixed(digits);
    const read = Number(text);
    if (read === value || (single && Math.fround(read) === Math.fround(value))) return sign(text, value);
  }
  const text = exponent ? value.toExponential(precision) : value.toFixed(precision);
  return sign(exponent ? text : text.replace(/0+$/, ""), value);
}

function sign(text: string, value: number): string {
  return Object.is(value, -0) ? `-${text}` : text;
}

function alignRight(texts: readonly string[]): string[] {
  const width = Math.max(...texts.map((text) => text.length));
  return texts.map((text) => text.padStart(width));
}

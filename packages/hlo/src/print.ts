// A computation as text, after XLA's HLO text: one line an instruction. For people and golden tests; nothing parses it.
import { dtypes } from "@org/tensor";
import { resultsOf } from "./builder.ts";
import type { Attributes, HloComputation, HloInstruction, Window } from "./instruction.ts";
import { isTuple } from "./opcodes.ts";
import type { Typed } from "./typed.ts";

const shortNames: Readonly<Record<string, string>> = {
  float32: "f32",
  float64: "f64",
  float16: "f16",
  bfloat16: "bf16",
  bool: "pred",
};

/** XLA's short name of a type: f32, s64, u8, pred. */
export function shortDType(dtype: string): string {
  return shortNames[dtype] ?? dtype.replace("uint", "u").replace("int", "s");
}

const shapeText = (type: Typed): string => `${shortDType(type.dtype)}[${type.dims}]`;
const braces = (list: readonly unknown[]): string => `{${list.join(",")}}`;

/**
 * Prints a computation: `%3 = f32[2,4] add(%1, %2)` with attributes behind, roots last. Instructions are renumbered in
 * order, so two computations of the same structure print alike.
 */
export function printComputation(computation: HloComputation): string {
  const names = new Map(computation.instructions.map((instruction, i) => [instruction, `%${i}`]));
  const lines = computation.instructions.map((instruction) => {
    const results = resultsOf(instruction).map(shapeText);
    const type = isTuple(instruction.opcode) ? `(${results.join(", ")})` : shapeText(instruction);
    const operands = instruction.operands.map((operand) => names.get(operand) ?? "?").join(", ");
    const inside = instruction.operands.length ? operands : leafText(instruction);
    return `  ${names.get(instruction)} = ${type} ${instruction.opcode}(${inside})${attributesText(instruction)}`;
  });
  const roots = computation.roots.map((root) => names.get(root) ?? "?").join(", ");
  return `${computation.name} {\n${lines.join("\n")}${lines.length ? "\n" : ""}  return (${roots})\n}\n`;
}

function leafText(instruction: HloInstruction): string {
  if (instruction.opcode === "parameter")
    return `${(instruction.attributes as Attributes["parameter"]).index}`;
  if (instruction.opcode !== "constant") return "";
  const { value, fromExtents } = instruction.attributes as Attributes["constant"];
  if (value.data.length > 8) return "...";
  const bits = dtypes[value.dtype].storage === "u16" && value.dtype !== "uint16";
  const items = Array.from(value.data as ArrayLike<number | bigint>, (item) =>
    bits ? `0x${item.toString(16)}` : Object.is(item, -0) ? "-0" : `${item}`,
  ).join(", ");
  return `${value.shape.length ? `{${items}}` : items}${fromExtents ? " from extents" : ""}`;
}

function attributesText(instruction: HloInstruction): string {
  const attributes = instruction.attributes;
  if (!attributes || instruction.opcode === "parameter" || instruction.opcode === "constant") return "";
  if (instruction.opcode === "slice") {
    const { start, limit, strides } = attributes as Attributes["slice"];
    const parts = start.map((s, i) => `[${s}:${limit[i]}${strides[i] === 1 ? "" : `:${strides[i]}`}]`);
    return `, slice=${braces(parts)}`;
  }
  return Object.entries(attributes)
    .map(([name, value]) => `, ${name}=${attributeText(name, value)}`)
    .join("");
}

function attributeText(name: string, value: unknown): string {
  if (name === "window") {
    const { size, strides, padding, dilation, baseDilation } = value as Window;
    const pads = padding.map(([low, high]) => `${low}_${high}`);
    return `{size=${size.join("x")} stride=${strides.join("x")} pad=${pads.join("x")} rhs_dilate=${dilation.join("x")} lhs_dilate=${baseDilation.join("x")}}`;
  }
  if (name === "results") return braces((value as readonly Typed[]).map(shapeText));
  if (Array.isArray(value)) return braces(value);
  return typeof value === "object" ? JSON.stringify(value) : `${value}`;
}

// The identities of simplify: each gives what an instruction is the same as. Operands are simplified already.
import { sizeOf } from "@org/tensor";
import { type Attributes, attributesOf, type HloInstruction } from "./instruction.ts";
import { isElementwise, isFloat } from "./opcodes.ts";
import { type Rewriter, widens } from "./simplify.ts";
import { sameDims } from "./typed.ts";

type Value = HloInstruction;

/** What the instruction is the same as; undefined where no rule knows. */
export function rewrite(instruction: Value, rewriter: Rewriter): Value | undefined {
  const { opcode } = instruction;
  switch (opcode) {
    case "reshape":
    case "transpose":
    case "broadcast":
    case "reverse":
    case "slice":
      return rewriteView(instruction, rewriter);
    case "pad": {
      const { low, high, interior } = attributesOf(instruction, "pad");
      return [...low, ...high, ...interior].every((n) => n === 0) ? instruction.operands[0] : undefined;
    }
    case "concatenate":
      return instruction.operands.length === 1 ? instruction.operands[0] : undefined;
    case "reduce": {
      const { dimensions, reducer } = attributesOf(instruction, "reduce");
      // Not a sum: it begins with 0, and 0 + -0 is 0.
      return dimensions.length === 0 && reducer !== "add" ? instruction.operands[0] : undefined;
    }
    default:
      return isElementwise(opcode)
        ? (rewriteElementwise(instruction, rewriter) ?? hoistBroadcast(instruction, rewriter))
        : undefined;
  }
}

const isRange = (list: readonly number[]): boolean => list.every((d, i) => d === i);

function rewriteView(instruction: Value, rewriter: Rewriter): Value | undefined {
  const [x] = instruction.operands as [Value];
  const { opcode, dims } = instruction;
  // A view of one repeated number is that number repeated.
  if (opcode !== "broadcast" && x.opcode === "broadcast" && x.operands[0]!.dims.length === 0)
    return rewriter.make({ ...x, dims });
  switch (opcode) {
    case "reshape":
      if (sameDims(x.dims, dims)) return x;
      return x.opcode === "reshape" ? rewriter.make({ ...instruction, operands: x.operands }) : undefined;
    case "transpose": {
      const { permutation } = attributesOf(instruction, "transpose");
      if (isRange(permutation)) return x;
      if (x.opcode !== "transpose") return undefined;
      const first = attributesOf(x, "transpose").permutation;
      const attributes = { permutation: permutation.map((d) => first[d]!) };
      return rewriter.make({ ...instruction, operands: x.operands, attributes });
    }
    case "broadcast": {
      const { dimensions } = attributesOf(instruction, "broadcast");
      if (dimensions.length === dims.length) return x;
      if (x.opcode !== "broadcast") return undefined;
      const attributes = { dimensions: attributesOf(x, "broadcast").dimensions.map((d) => dimensions[d]!) };
      return rewriter.make({ ...instruction, operands: x.operands, attributes });
    }
    case "reverse": {
      const { dimensions } = attributesOf(instruction, "reverse");
      if (dimensions.length === 0) return x;
      const undone =
        x.opcode === "reverse" &&
        [...dimensions].sort().join() === [...attributesOf(x, "reverse").dimensions].sort().join();
      return undone ? x.operands[0] : undefined;
    }
    case "slice": {
      const { start, strides } = attributesOf(instruction, "slice");
      return sameDims(x.dims, dims) && start.every((s) => s === 0) && strides.every((s) => s === 1)
        ? x
        : undefined;
    }
    default:
      return undefined;
  }
}

/** The number that all elements of a value are, if that is a constant that extents do not change. */
function splat(value: Value): number | bigint | undefined {
  let at = value;
  while (at.opcode === "broadcast" || at.opcode === "reshape") at = at.operands[0]!;
  if (at.opcode !== "constant" || at.dims.length > 0) return undefined;
  if (at.dtype === "float16" || at.dtype === "bfloat16") return undefined; // bits, not a number
  const { value: array, fromExtents } = attributesOf(at, "constant");
  return fromExtents ? undefined : (array.data[0] as number | bigint);
}

function rewriteElementwise(instruction: Value, rewriter: Rewriter): Value | undefined {
  const { opcode, operands, dtype } = instruction;
  const [x, y, z] = operands as [Value, Value, Value];
  const float = isFloat(dtype);
  /** Whether a value is n everywhere; -0 is not 0. */
  const is = (value: Value, n: number): boolean => {
    const found = splat(value);
    return typeof found === "bigint" ? found === BigInt(n) : Object.is(found, n);
  };
  switch (opcode) {
    case "multiply":
      return is(y, 1) ? x : is(x, 1) ? y : undefined;
    case "divide":
      return is(y, 1) ? x : undefined;
    case "add": {
      const zero = float ? -0 : 0; // -0 + 0 is 0, but x + -0 is x
      return is(y, zero) ? x : is(x, zero) ? y : undefined;
    }
    case "subtract":
      return is(y, 0) ? x : undefined;
    case "power":
      if (is(y, 1)) return x;
      return is(y, 2) ? rewriter.make({ ...instruction, opcode: "multiply", operands: [x, x] }) : undefined;
    case "negate":
    case "not":
      return x.opcode === opcode ? x.operands[0] : undefined;
    case "abs":
      return x.opcode === "abs" ? x : undefined;
    case "maximum":
    case "minimum":
    case "and":
    case "or":
      return x === y ? x : undefined;
    case "select": {
      if (y === z) return y;
      const predicate = splat(x);
      return predicate === undefined ? undefined : predicate ? y : z;
    }
    case "convert": {
      const [source] = x.operands;
      if (x.dtype === dtype) return x;
      if (x.opcode !== "convert" || !widens(source!.dtype, x.dtype)) return undefined;
      if (source!.dtype === dtype) return source;
      // From a float integers are cut off at the ends, from an integer they wrap.
      const alike = isFloat(source!.dtype) === isFloat(x.dtype);
      return alike ? rewriter.make({ ...instruction, operands: [source!] }) : undefined;
    }
    case "compare": {
      // Of numbers that were widened alike: argmax gives int32, TensorFlow's users compare int64.
      const [a, b] = [x.operands[0], y.operands[0]];
      const widened = x.opcode === "convert" && y.opcode === "convert" && a!.dtype === b!.dtype;
      return widened && widens(a!.dtype, x.dtype)
        ? rewriter.make({ ...instruction, operands: [a!, b!] })
        : undefined;
    }
    case "bitcastConvert":
      return x.dtype === dtype ? x : undefined;
    default:
      return undefined;
  }
}

/** f(broadcast x, broadcast y) = broadcast f(x, y): computes fewer elements. Not for numbers alone, which are literals. */
function hoistBroadcast(instruction: Value, rewriter: Rewriter): Value | undefined {
  const { operands, dims } = instruction;
  const placed = operands.find((x) => x.opcode === "broadcast" && x.operands[0]!.opcode !== "constant");
  if (!placed) return undefined;
  const small = placed.operands[0]!;
  const attributes = placed.attributes as Attributes["broadcast"];
  if (small.opcode === "iota") return undefined;
  const below: Value[] = [];
  for (const operand of operands) {
    if (operand.opcode !== "broadcast") return undefined;
    const source = operand.operands[0]!;
    const { dimensions } = attributesOf(operand, "broadcast");
    if (sameDims(source.dims, small.dims) && sameDims(dimensions, attributes.dimensions)) below.push(source);
    else if (source.dims.length === 0)
      below.push(rewriter.make({ ...operand, dims: small.dims, attributes: { dimensions: [] } }));
    else return undefined;
  }
  if (sizeOf(dims) === 0) return undefined;
  const computed = rewriter.make({ ...instruction, dims: small.dims, operands: below });
  return rewriter.make({ ...placed, dtype: instruction.dtype, dims, operands: [computed], attributes });
}

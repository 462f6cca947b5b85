// Convolutions of any type, rank and number of groups, the slow way: what the window covers at each output position becomes a
// row ("patches", in scratch memory, some rows at a time), and rows times the filter, by a reduction, are the result.
// float32 has ways of its own: see convolution-kernel.ts.
import { attributesOf, type HloInstruction, type LoopNest, type NestOp, type Refusal } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import { prepareBlock } from "./block-kernel.ts";
import type { Convolve } from "./gathered-convolution.ts";
import { copyBytes } from "./indexed-kernel.ts";
import { elementBytes } from "./lanes.ts";
import type { CpuBuffer } from "./memory.ts";
import { type NestRun, prepareNest } from "./nest-kernel.ts";
import type { Prepared, Workshop } from "./prepared.ts";
import { i32, memoryFill } from "./wasm-opcodes.ts";
import { overWindow, windowArguments, windowValues } from "./window-loops.ts";

/** Most bytes of patches at once: what a second-level cache may hold. */
const patchBytes = 1 << 20;

/** Multiplies `rows` patches with a group's filter into rows of the result. */
type Multiply = (patches: CpuBuffer, filter: CpuBuffer, to: CpuBuffer) => void;

/** A convolution with at least one spatial dimension and at least one output. */
export function preparePatches(
  workshop: Workshop,
  instruction: HloInstruction,
): Convolve | Refusal | Promise<Convolve | Refusal> {
  const { window, featureGroupCount: groups } = attributesOf(instruction, "convolution");
  const [lhs, rhs] = instruction.operands as [HloInstruction, HloInstruction];
  const { dtype, dims } = instruction;
  const spatial = dims.slice(1, -1);
  const rank = spatial.length;
  const bytes = elementBytes(dtype);
  const outputs = dims.at(-1)!;
  const features = lhs.dims.at(-1)!;
  const perGroup = features / groups;
  const depth = sizeOf(rhs.dims.slice(0, -1));
  const rows = dims[0]! * sizeOf(spatial);
  const chunk = Math.min(rows, Math.max(64, Math.floor(patchBytes / Math.max(1, depth * bytes))));
  const rest = rows % chunk;
  const columns = outputs / groups;
  const values = windowValues(window, spatial, lhs.dims.slice(1, -1));
  let from: CpuBuffer | undefined;
  let patches: CpuBuffer | undefined;
  let firstRow = 0;
  let rowCount = 0;

  const gathering = prepareBlock(workshop, {
    key: `patches ${rank}`,
    arguments: 6 + rank * windowArguments,
    mayFault: false,
    values: () => [
      firstRow,
      rowCount,
      from!.address,
      patches!.address,
      perGroup * bytes,
      features * bytes,
      ...values,
    ],
    emit: ({ f }, [first, count, source, to, size, pixel, ...own]) => {
      const [row, left] = [f.local("i32"), f.local("i32")];
      const at = Array.from({ length: rank }, () => f.local("i32"));
      f.for(row, first!, i32.add(first!, count!), 1, () => {
        f.set(left, row);
        for (let d = rank - 1; d >= 0; d--) {
          const extent = own[d * windowArguments]!;
          f.set(at[d]!, i32.rem_u(left, extent));
          f.set(left, i32.div_u(left, extent));
        }
        overWindow(f, own, at, left, (inside, element) => {
          f.if(
            inside,
            () => copyBytes(f, to!, i32.add(source!, i32.mul(element, pixel!)), size!),
            () => f.emit(memoryFill(to!, i32.const(0), size!)),
          );
          f.set(to!, i32.add(to!, size!));
        });
      });
    },
  });
  const multipliers = [chunk, ...(rest ? [rest] : [])].map((m) =>
    nestProduct(workshop, instruction, m, columns, depth, outputs),
  );
  const finish = ([gather, whole, partial]: readonly (Prepared | Refusal | Multiply)[]):
    | Convolve
    | Refusal => {
    for (const made of [gather, whole, partial]) if (made && "refused" in made) return made;
    const fill = (gather as Prepared).run;
    return (x, filter, output, done) => {
      patches = workshop.memory.allocateScratch(chunk * depth * bytes);
      const moved = (buffer: CpuBuffer, by: number): CpuBuffer => ({
        ...buffer,
        address: buffer.address + by * bytes,
      });
      for (let group = 0; group < groups; group++) {
        from = moved(x, group * perGroup);
        for (firstRow = 0; firstRow < rows; firstRow += chunk) {
          rowCount = Math.min(chunk, rows - firstRow);
          fill([], []);
          const multiply = (rowCount === chunk ? whole : partial) as Multiply;
          multiply(
            patches,
            moved(filter, group * columns),
            moved(output, firstRow * outputs + group * columns),
          );
          if (group === groups - 1) done?.(firstRow, rowCount);
        }
      }
      workshop.memory.freeScratch(patches);
    };
  };
  const parts = [gathering, ...multipliers];
  return parts.some((part) => part instanceof Promise)
    ? Promise.all(parts).then(finish)
    : finish(parts as (Prepared | Refusal | Multiply)[]);
}

type Multiplying = Multiply | Refusal | Promise<Multiply | Refusal>;

/** A reduction over the depth, with the product inside: any type, any distance of the result's rows. */
function nestProduct(
  workshop: Workshop,
  { dtype }: HloInstruction,
  m: number,
  n: number,
  k: number,
  outputs: number,
): Multiplying {
  const sumType = dtype === "float16" || dtype === "bfloat16" ? "float32" : dtype;
  const ops: NestOp[] = [
    { kind: "load", load: 0, dtype },
    { kind: "load", load: 1, dtype },
    { kind: "compute", opcode: "convert", dtype: sumType, args: [0] },
    { kind: "compute", opcode: "convert", dtype: sumType, args: [1] },
    { kind: "compute", opcode: "multiply", dtype: sumType, args: [2, 3] },
    { kind: "reduction", reducer: "add", dtype: sumType, arg: 4 },
    { kind: "compute", opcode: "convert", dtype, args: [5] },
  ];
  const nest: LoopNest = {
    kind: "reduce",
    key: `convolution ${dtype}`,
    extents: [m, n, k],
    outerRank: 2,
    loads: [
      { parameter: 0, dtype, strides: [k, 0, 1], offset: 0, movement: ["strided", "broadcast", "unit"] },
      {
        parameter: 1,
        dtype,
        strides: [0, 1, outputs],
        offset: 0,
        movement: ["broadcast", "unit", "strided"],
      },
    ],
    indices: [],
    literals: [],
    ops,
    inner: 5,
    stores: [{ output: 0, dtype, value: 6, strides: [outputs, 1, 0], offset: 0 }],
  };
  const prepared = prepareNest(workshop, nest);
  const finish = (made: { run: NestRun } | Refusal): Multiply | Refusal =>
    "refused" in made ? made : (patches, filter, to) => made.run([patches, filter], [to], 0);
  return prepared instanceof Promise ? prepared.then(finish) : finish(prepared);
}

// Prepares fusions of kind loop, reduce and rows, and the epilogues of matrix products: one kernel a nest's key, arguments
// from its extents.
import { type LoopNest, loopNest, rowPasses } from "@org/hlo";
import { nestSource } from "./kernel-source.ts";
import type { Entry } from "./kernels.ts";
import type { CpuBuffer } from "./memory.ts";
import { type AddressSlot, type NestArguments, nestArguments, nestLayout } from "./nest-arguments.ts";
import { mayDivideByZero } from "./nest-walk.ts";
import { type Preparer, type Preparing, type Run, type Workshop, withEntry } from "./prepared.ts";
import { cutNest } from "./threads/cut-nest.ts";
import { evenParts } from "./threads/parts.ts";

const empty: Run = () => {};

/** Writes a kernel's arguments and calls it. */
function launcher(workshop: Workshop, entry: Entry, { words, addresses }: NestArguments): NestRun {
  const { memory, argumentAddress } = workshop;
  const start = argumentAddress / 4;
  const count = words.length;
  return (inputs, outputs, given) => {
    const block = memory.words;
    // Short blocks: a loop is faster than TypedArray.set.
    if (count < 48) for (let i = 0; i < count; i++) block[start + i] = words[i]!;
    else block.set(words, start);
    for (let i = 0; i < addresses.length; i++)
      block[start + addresses[i]!.word] = addressOf(addresses[i]!, inputs, outputs, given);
    entry(argumentAddress);
  };
}

function addressOf(
  { from, index, offset }: AddressSlot,
  inputs: readonly CpuBuffer[],
  outputs: readonly CpuBuffer[],
  given: number,
): number {
  if (from === "given") return given + offset;
  return (from === "input" ? inputs : outputs)[index]!.address + offset;
}

/** `alone`, or where threads and the nest's size allow it, a launch in parts. */
function withTeam(
  { kernels, memory, team }: Workshop,
  nest: LoopNest,
  entry: Entry,
  alone: NestRun,
): NestRun {
  const kernel = team && kernels.shared(entry);
  // A fault names an element, which kernels count from where they begin.
  const cut = kernel && !mayDivideByZero(nest) ? cutNest(nest, nestLayout(nest)) : undefined;
  if (team === undefined || kernel === undefined || cut === undefined) return alone;
  const { words, addresses, keptBytes } = nestArguments(nest);
  return (inputs, outputs, given) => {
    const parts = Math.min(team.size, cut.parts);
    if (parts === 1) return alone(inputs, outputs, given);
    const block = memory.words;
    for (const [part, { first, count }] of evenParts(cut.extent, cut.quantum, parts).entries()) {
      const start = team.blockAddress(part) / 4;
      block.set(words, start);
      for (const slot of addresses)
        block[start + slot.word] = addressOf(slot, inputs, outputs, given + part * keptBytes);
      block[start + cut.word] = count;
      for (const { word, step } of cut.moves) block[start + word]! += step * first;
    }
    team.run(kernel, parts);
  };
}

/** `run` with memory for what passes keep. */
function withKept({ memory, team }: Workshop, bytes: number, run: NestRun): NestRun {
  if (bytes === 0) return run;
  return (inputs, outputs) => {
    const scratch = memory.allocateScratch(bytes * (team?.size ?? 1));
    run(inputs, outputs, scratch.address);
    memory.freeScratch(scratch);
  };
}

/** `given` is the address of memory that the kernel works on beside inputs and outputs: a matrix product. */
export type NestRun = (inputs: readonly CpuBuffer[], outputs: readonly CpuBuffer[], given: number) => void;

/** Prepares a nest; a matrix product that it reads is passed to its run by address. */
export function prepareNest(
  workshop: Workshop,
  nest: LoopNest,
): { run: NestRun } | { refused: string } | Promise<{ run: NestRun }> {
  if (nestLayout(nest).words * 4 > workshop.argumentBytes) {
    return { refused: `A kernel takes at most ${workshop.argumentBytes / 4} words of arguments` };
  }
  // Nothing to write.
  if (nest.extents.slice(0, nest.outerRank).includes(0)) return { run: empty };
  const exports = workshop.kernels.get(nest.key, () => nestSource(nest, workshop.target));
  return withEntry(exports, ({ run }) => {
    const made = nestArguments(nest);
    const alone = launcher(workshop, run!, made);
    return { run: withKept(workshop, made.keptBytes, withTeam(workshop, nest, run!, alone)) };
  });
}

/** Inputs that are overwritten by an output although they are still read elsewhere: they need a copy. */
function overwritten(nest: LoopNest, donated: readonly number[]): number[] {
  const passes = nest.kind === "rows" ? rowPasses(nest) : undefined;
  return donated.filter((parameter, output) => {
    if (parameter < 0) return false;
    const { strides, value } = nest.stores.find((store) => store.output === output)!;
    // Of rows, a later pass may read what is overwritten.
    const early = passes !== undefined && passes.pass[value] !== passes.count - 1;
    return nest.loads.some((load, i) => {
      if (load.parameter !== parameter) return false;
      const inside =
        nest.kind === "reduce" &&
        nest.ops.findIndex((op) => op.kind === "load" && op.load === i) < nest.inner;
      const sameIndex =
        load.offset === 0 &&
        nest.extents.every((extent, d) => extent === 1 || load.strides[d] === strides[d]);
      return inside || early || !sameIndex;
    });
  });
}

/** A run that copies some inputs before they are overwritten. */
export function withCopies({ memory }: Workshop, inputsToCopy: readonly number[], run: Run): Run {
  if (inputsToCopy.length === 0) return run;
  return (inputs, outputs) => {
    const replaced = [...inputs];
    for (const i of inputsToCopy) {
      const { address, byteLength } = inputs[i]!;
      const copy = memory.allocateScratch(byteLength);
      memory.bytes.copyWithin(copy.address, address, address + byteLength);
      replaced[i] = copy;
    }
    run(replaced, outputs);
    for (const i of inputsToCopy) memory.freeScratch(replaced[i]!);
  };
}

/** Prepares a fusion of kind loop, reduce or rows. */
export const prepareLoops: Preparer = (workshop, fusion, donated): Preparing => {
  const nest = loopNest(fusion);
  const finish = (prepared: { run: NestRun } | { refused: string }) => {
    if ("refused" in prepared) return prepared;
    const copies = overwritten(nest, donated);
    const run: Run =
      copies.length > 0
        ? withCopies(workshop, copies, (i, o) => prepared.run(i, o, 0))
        : (prepared.run as Run);
    return { run, mayFault: mayDivideByZero(nest) };
  };
  const prepared = prepareNest(workshop, nest);
  return prepared instanceof Promise ? prepared.then(finish) : finish(prepared);
};

// What follows a product or a convolution in one fusion: a loop kernel over rows of the result, run on some rows at a time
// while they are near, in place where an output can hold them. The result is one more load of the loop (`productParameter`).
import type { LoopNest, NestLoad, NestOp, Refusal } from "@org/hlo";
import { nestSource } from "./kernel-source.ts";
import { elementBytes } from "./lanes.ts";
import type { CpuBuffer } from "./memory.ts";
import { nestArguments, nestLayout } from "./nest-arguments.ts";
import { productParameter } from "./nest-walk.ts";
import { type Workshop, withEntry } from "./prepared.ts";

/** Runs on rows `[first, first + count)` of every batch; `product` is where the result's first row lies. */
export type Epilogue = (
  inputs: readonly CpuBuffer[],
  outputs: readonly CpuBuffer[],
  product: number,
  first: number,
  count: number,
) => void;

/** A result's place: which output it may be written to, or -1 where it needs memory of its own. */
export interface ProductPlace {
  readonly output: number;
  /** Whether nothing follows. */
  readonly plain: boolean;
}

/** Where the product of a nest of kind dot or convolution goes: into an output of its type that overwrites no input. */
export function productPlace(nest: LoopNest, donated: readonly number[]): ProductPlace {
  const product = nest.ops.findIndex((op) => op.kind === "product");
  const type = nest.ops[product]!.dtype;
  const store = nest.stores.find(({ dtype, output }) => dtype === type && donated[output] === -1);
  return {
    output: store?.output ?? -1,
    plain: nest.stores.length === 1 && store !== undefined && store.value === product,
  };
}

/** Donated inputs that the epilogue reads elsewhere than where it writes: they need a copy. */
export function readElsewhere(nest: LoopNest, donated: readonly number[]): number[] {
  const { strides } = nest.stores[0]!;
  return donated.filter((parameter) =>
    nest.loads.some(
      (load) =>
        load.parameter === parameter &&
        (load.offset !== 0 ||
          nest.extents.some((extent, d) => extent !== 1 && load.strides[d] !== strides[d])),
    ),
  );
}

/** Prepares what follows the product of a nest of kind dot or convolution. */
export function prepareEpilogue(
  workshop: Workshop,
  nest: LoopNest,
): Epilogue | Refusal | Promise<Epilogue | Refusal> {
  const { memory, kernels, target, argumentAddress, argumentBytes } = workshop;
  const loop = asLoop(nest);
  const layout = nestLayout(loop);
  if (layout.words * 4 > argumentBytes)
    return { refused: `A kernel takes at most ${argumentBytes / 4} words of arguments` };
  const { words, addresses } = nestArguments(loop);
  // Bytes (of indices, elements) from one row to the next, by the slot that moves.
  const rowSteps = addresses.map(({ word }) => {
    const load = loop.loads.findIndex((_, i) => layout.loadAddress(i) / 4 === word);
    const { strides, dtype } = load >= 0 ? loop.loads[load]! : storeAt(word);
    return strides[1]! * elementBytes(dtype);
  });
  function storeAt(word: number): LoopNest["stores"][number] {
    return loop.stores[loop.stores.findIndex((_, i) => layout.storeAddress(i) / 4 === word)]!;
  }
  const start = argumentAddress / 4;
  return withEntry(
    kernels.get(loop.key, () => nestSource(loop, target)),
    ({ run }): Epilogue =>
      (inputs, outputs, product, first, count) => {
        const block = memory.words;
        for (let i = 0; i < words.length; i++) block[start + i] = words[i]!;
        block[start + layout.extent(1) / 4] = count;
        addresses.forEach(({ word, from, index, offset }, i) => {
          const base = from === "given" ? product : (from === "input" ? inputs : outputs)[index]!.address;
          block[start + word] = base + offset + first * rowSteps[i]!;
        });
        loop.indices.forEach((index, i) => {
          block[start + layout.indexOffset(i) / 4]! += first * index.strides[1]!;
        });
        run!(argumentAddress);
      },
  );
}

/** The nest without its product, which becomes a load. */
function asLoop(nest: LoopNest): LoopNest {
  const [, m, n] = nest.extents as readonly [number, number, number];
  const { dtype } = nest.ops.find((op) => op.kind === "product")!;
  const load: NestLoad = {
    parameter: productParameter,
    dtype,
    strides: [m * n, n, 1],
    offset: 0,
    movement: ["strided", "strided", "unit"],
  };
  const ops = nest.ops.map(
    (op): NestOp => (op.kind === "product" ? { kind: "load", load: nest.loads.length, dtype } : op),
  );
  const { dot: _, convolution: __, ...rest } = nest;
  return {
    ...rest,
    kind: "loop",
    key: `epilogue of ${withoutOperands(nest)}`,
    loads: [...nest.loads, load],
    ops,
    inner: ops.length,
  };
}

/** The key without the operands' part: an epilogue does not depend on how they lie, nor on what multiplies them. */
function withoutOperands({ key, kind }: LoopNest): string {
  const parts = key.split("; ").slice(0, -2);
  return [parts[0]!.replace(kind, "loop"), ...parts.slice(1)].join("; ");
}

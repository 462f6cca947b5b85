// A float32 matrix product, without what follows it: the calls of the one module of gemm-module.ts, by one thread or by rows on several.
// A part's plan is that of a smaller product, so every element is summed in the same order. Not here: how a product goes (gemm-plan.ts).
import type { LoopNest, NestMatrix } from "@org/hlo";
import { panelRows } from "./gemm-micro.ts";
import { gemmModule } from "./gemm-module.ts";
import { type ProductCall, type ProductPlan, planProduct } from "./gemm-plan.ts";
import type { Entry } from "./kernels.ts";
import type { CpuBuffer, CpuMemory } from "./memory.ts";
import { type Workshop, withEntry } from "./prepared.ts";
import { evenParts, type Part, productWorkOfPart } from "./threads/parts.ts";

type Dot = NonNullable<LoopNest["dot"]>;

/** Multiplies the inputs into memory from `c` on. */
export type Multiply = (inputs: readonly CpuBuffer[], c: number) => void;

/** Where a call's operands are. */
interface Places {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly scratchA: number;
  readonly scratchB: number;
}

/** Writes a call's arguments to the block at `address`. */
function writeCall(memory: CpuMemory, address: number, call: ProductCall, places: Places): void {
  const block = memory.words;
  const start = address / 4;
  const { words } = call;
  for (let i = 0; i < words.length; i++) block[start + i] = words[i]!;
  block[start + call.a] = places.a + call.aOffset;
  block[start + call.b] = places.b;
  block[start + call.c] = places.c + call.cOffset;
  if (call.scratchA >= 0) block[start + call.scratchA] = places.scratchA;
  if (call.scratchB >= 0) block[start + call.scratchB] = places.scratchB;
}

/** Prepares the product of every batch. */
export function prepareProduct(
  workshop: Workshop,
  extents: readonly number[],
  dot: Dot,
): Multiply | Promise<Multiply> {
  const { memory, kernels, target, argumentAddress, tileAddress } = workshop;
  const [batch, m, n] = extents as readonly [number, number, number];
  const { lhs, rhs, k } = dot;
  const bytes = m * n * 4;
  if (k === 0) return (_, c) => void memory.bytes.fill(0, c, c + batch * bytes);
  const strides = ({ strides: [, row, column] }: NestMatrix): readonly [number, number] => [row, column];
  const shape = { n, k, a: strides(lhs), b: strides(rhs) };
  const plan = planProduct({ m, ...shape }, target.relaxed, tileAddress);
  const scratch = (size: number): CpuBuffer | undefined =>
    size > 0 ? memory.allocateScratch(size) : undefined;

  return withEntry(
    kernels.get("gemm", () => gemmModule(target.relaxed)),
    (exports): Multiply => {
      /** `multiply` with the operands of each batch in turn. */
      const batches =
        (multiply: (a: number, b: number, c: number) => void): Multiply =>
        (inputs, c) => {
          const a = inputs[lhs.parameter]!.address + lhs.offset * 4;
          const b = inputs[rhs.parameter]!.address + rhs.offset * 4;
          for (let i = 0; i < batch; i++)
            multiply(a + i * lhs.strides[0] * 4, b + i * rhs.strides[0] * 4, c + i * bytes);
        };
      const alone = batches((a, b, c) => {
        const panelA = scratch(plan.scratchA);
        const panelB = scratch(plan.scratchB);
        const places = { a, b, c, scratchA: panelA?.address ?? 0, scratchB: panelB?.address ?? 0 };
        for (const call of plan.calls) {
          writeCall(memory, argumentAddress, call, places);
          exports[call.entry]!(argumentAddress);
        }
        if (panelB) memory.freeScratch(panelB);
        if (panelA) memory.freeScratch(panelA);
      });
      const { team } = workshop;
      const most = team ? mostParts(m, n, k, panelRows(target.relaxed)) : 1;
      if (team === undefined || most === 1) return alone;
      const planPart = (part: Part, i: number): ProductPlan =>
        planProduct({ m: part.count, ...shape }, target.relaxed, team.tileAddress(i));
      const plansByCount = new Map<number, readonly PlannedPart[] | undefined>();
      const plansFor = (count: number): readonly PlannedPart[] | undefined => {
        if (!plansByCount.has(count))
          plansByCount.set(
            count,
            oneCallEach(
              evenParts(m, panelRows(target.relaxed), count).map((part, i) => ({
                ...part,
                ...planPart(part, i),
              })),
            ),
          );
        return plansByCount.get(count);
      };
      return (inputs, c) => {
        const count = Math.min(team.size, most);
        const parts = count > 1 ? plansFor(count) : undefined;
        const kernel = parts && kernels.shared(exports[parts[0]!.calls[0]!.entry] as Entry);
        if (parts === undefined || kernel === undefined) return alone(inputs, c);
        const panels = parts.map((part) => [scratch(part.scratchA), scratch(part.scratchB)] as const);
        batches((a, b, to) => {
          for (const [i, { first, calls }] of parts.entries()) {
            const [panelA, panelB] = panels[i]!;
            writeCall(memory, team.blockAddress(i), calls[0]!, {
              a: a + first * lhs.strides[1] * 4,
              b,
              c: to + first * n * 4,
              scratchA: panelA?.address ?? 0,
              scratchB: panelB?.address ?? 0,
            });
          }
          team.run(kernel, parts.length);
        })(inputs, c);
        for (const pair of panels) for (const panel of pair) if (panel) memory.freeScratch(panel);
      };
    },
  );
}

type PlannedPart = Part & ProductPlan;

/** Fewer panels of rows go other ways than many, and each part packs the right operand for itself. */
const leastPanels = 2;

function mostParts(m: number, n: number, k: number, panel: number): number {
  return Math.max(1, Math.floor(Math.min((m * n * k) / productWorkOfPart, m / (panel * leastPanels))));
}

/** The parts, if each is one call of the same function. */
function oneCallEach(parts: readonly PlannedPart[]): readonly PlannedPart[] | undefined {
  const entry = parts[0]!.calls[0]!.entry;
  return parts.every(({ calls }) => calls.length === 1 && calls[0]!.entry === entry) ? parts : undefined;
}

// Runs a convolution's plan: frames a slab's input where windows reach over its edges, packs the filter, multiplies.

import type { ConvolutionShape } from "./convolution-phases.ts";
import { type Frame, type PhasePlan, planConvolution, type Slab } from "./convolution-plan.ts";
import { gatheredModule, multiplyArguments, rowGroup } from "./gathered-module.ts";
import type { Entry } from "./kernels.ts";
import type { CpuBuffer } from "./memory.ts";
import { type Workshop, withEntry } from "./prepared.ts";
import { evenParts, productWorkOfPart } from "./threads/parts.ts";

/** Called when the rows `[first, first + count)` of the result are there. */
export type RowsDone = (first: number, count: number) => void;
export type Convolve = (x: CpuBuffer, filter: CpuBuffer, to: CpuBuffer, done?: RowsDone) => void;

/** Fewer rows do not pay for packing the filter. */
const rowsToPack = 64;
/** A packed filter of more bytes is made block by block, for each slab anew. */
const mostPackedBytes = 1 << 23;
const panelBytes = 32;

/** A float32 convolution with one to three spatial dimensions and any groups; undefined where it is too large. */
export function prepareGathered(
  workshop: Workshop,
  shape: ConvolutionShape,
): Convolve | undefined | Promise<Convolve> {
  const { memory, kernels, target, argumentAddress, team } = workshop;
  const rowsOfGroup = rowGroup(target.relaxed);
  const plan = planConvolution(shape, rowsOfGroup);
  if (!plan) return undefined;
  const { groups, features, outputs, images, output } = shape;
  const columns = outputs / groups;
  const rowsOfAll = images * output.reduce((a, b) => a * b, 1);
  const packs =
    rowsOfAll >= rowsToPack || plan.phases.some(({ blocks }) => blocks.some((one) => !one.contiguous));
  const panels = Math.ceil(columns / 8);
  const blocks = plan.phases.flatMap((phase) => phase.blocks);
  const packedBytes = blocks.map(
    ({ pieces, pieceLength }) => pieces.length * pieceLength * panels * panelBytes,
  );
  const allPacked = packedBytes.reduce((a, b) => a + b, 0) * groups;
  const keeps = allPacked <= mostPackedBytes && plan.slabs.length > 1;
  const scratchB = packs ? (keeps ? allPacked : Math.max(...packedBytes)) : 0;
  /** Tables of segments and pieces, one behind the other; rows come after them. */
  const tableWords = blocks.flatMap(({ segments, pieces }) => [segments, pieces]);
  const fixedWords = tableWords.reduce((sum, table) => sum + table.length, 0);
  const mostRows = Math.max(...plan.slabs.map((slab) => rowWords(plan.phases, slab)));
  // Slabs whose rows lie together and are done when all phases are.
  const rowsOf = (slab: Slab): [number, number] => {
    const first = plan.outputStart(slab) / (outputs * 4);
    return [first, plan.phases.reduce((sum, phase) => sum + phase.rows(slab).count, 0)];
  };

  const write = (values: readonly number[]): void => {
    const words = memory.words;
    const start = argumentAddress / 4;
    for (let i = 0; i < values.length; i++) words[start + i] = values[i]!;
  };
  return withEntry(
    kernels.get("gathered product", () => gatheredModule(target.relaxed)),
    (exports): Convolve => {
      const { multiply, pack, frame: copyFrame } = exports as Record<string, Entry>;
      const inFrame = (frame: Frame, x: number, to: number): void => {
        const { counts, fromSteps, toSteps } = frame;
        const loops = counts.flatMap((count, d) => [count, fromSteps[d]!, toSteps[d]!]);
        write([to, frame.bytes, frame.first, x + frame.from, frame.run, ...loops]);
        copyFrame!(argumentAddress);
      };
      const shared = team && kernels.shared(multiply!);
      /** Calls `multiply` with the arguments that were written: by one thread, or by groups of rows on several. */
      const multiplyRows = (rows: number, workOfRow: number): void => {
        const parts = team
          ? Math.min(
              team.size,
              Math.floor((rows * workOfRow) / productWorkOfPart),
              Math.floor(rows / (2 * rowsOfGroup)),
            )
          : 1;
        if (team === undefined || shared === undefined || parts < 2) {
          multiply!(argumentAddress);
          return;
        }
        const words = memory.words;
        const start = argumentAddress / 4;
        for (const [i, { first, count }] of evenParts(rows, rowsOfGroup, parts).entries()) {
          const block = team.blockAddress(i) / 4;
          words.copyWithin(block, start, start + multiplyArguments.length);
          words[block] = words[start]! + first * 8;
          words[block + 1] = count;
        }
        team.run(shared, parts);
      };
      return (x, filter, to, done) => {
        const framed = plan.frameBytes > 0 ? memory.allocateScratch(plan.frameBytes) : undefined;
        const packed = scratchB > 0 ? memory.allocateScratch(scratchB) : undefined;
        const tables = memory.allocateScratch((fixedWords + mostRows) * 4);
        let at = tables.address;
        const addresses = tableWords.map((table) => {
          const address = at;
          memory.words.set(table, address / 4);
          at += table.length * 4;
          return address;
        });
        const rowAddress = at;
        plan.slabs.forEach((slab, slabIndex) => {
          if (framed) inFrame(plan.frame!(slab), x.address, framed.address);
          const a = framed ? framed.address : x.address + plan.inputStart(slab);
          const c = to.address + plan.outputStart(slab);
          let block = 0;
          let packedAt = packed?.address ?? 0;
          for (const phase of plan.phases) {
            const { table, count } = phase.rows(slab);
            memory.words.set(table, rowAddress / 4);
            phase.blocks.forEach(({ segments, length, pieces, pieceLength }, i) => {
              for (let group = 0; group < groups; group++) {
                let [b, bStep, bPanel] = [filter.address + group * columns * 4, outputs * 4, panelBytes];
                if (packed) {
                  if (!keeps || slabIndex === 0) {
                    write([
                      addresses[block * 2 + 1]!,
                      pieces.length,
                      pieceLength,
                      b,
                      bStep,
                      columns,
                      packedAt,
                    ]);
                    pack!(argumentAddress);
                  }
                  [b, bStep, bPanel] = [packedAt, panelBytes, pieces.length * pieceLength * panelBytes];
                  if (keeps) packedAt += packedBytes[block]!;
                } else b += pieces.length > 0 ? pieces[0]! : 0;
                write([
                  rowAddress,
                  table.length / 2,
                  addresses[block * 2]!,
                  segments.length,
                  length,
                  a + group * (features / groups) * 4,
                  b,
                  bStep,
                  bPanel,
                  columns,
                  c + group * columns * 4,
                  Number(i > 0),
                ]);
                if (count > 0) multiplyRows(table.length / 2, length * segments.length * columns);
              }
              block++;
            });
          }
          if (done) done(...rowsOf(slab));
        });
        memory.freeScratch(tables);
        if (packed) memory.freeScratch(packed);
        if (framed) memory.freeScratch(framed);
      };
    },
  );
}

/** Words that the largest row table of a slab takes. */
function rowWords(phases: readonly PhasePlan[], slab: Slab): number {
  return Math.max(...phases.map((phase) => phase.rows(slab).table.length));
}

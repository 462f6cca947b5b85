// The record of bad data that kernels met, on the device. Words from its start:
//   0 launch (0: none)   1 reason   2 position, its bits inverted (0: none)   3... values
// The first launch that finds some claims the record; of its invocations the least position stays. Its value stands among
// the values at position modulo their number, where an invocation that was the least for a moment does not overwrite it.
import type { KernelFault } from "@org/hlo";

/** Places for values. */
export const faultValues = 253;

export const faultRecordBytes: number = (3 + faultValues) * 4;

/** How a fault's value is to be read. */
export type FaultValue = "i32" | "u32";

const reasons = ["indexOutOfRange", "divisionByZero"] as const;

/** Reason codes in shaders. */
export const faultCodes = { indexOutOfRange: 0, divisionByZero: 1 } as const;

/** A launch that may find faults: launch n of the record is entry n - 1. */
export interface FaultyLaunch {
  readonly site: number;
  readonly value: FaultValue;
}

/** The fault that a record tells of. */
export function readFault(record: Uint32Array, launches: readonly FaultyLaunch[]): KernelFault | undefined {
  const launch = launches[record[0]! - 1];
  if (!launch) return undefined;
  const position = ~record[2]! >>> 0;
  const bits = record[3 + (position % faultValues)]!;
  return {
    reason: reasons[record[1]!]!,
    site: launch.site,
    value: launch.value === "i32" ? bits | 0 : bits,
    position,
  };
}

import type { OpSpec } from "../define.ts";
/** Which (flat) inputs hold the elements that are moved. */
export type IsData = (index: number, inputCount: number) => boolean;
/** Every input but those at the given positions; negative ones count from the end. */
export declare function allBut(...positions: readonly number[]): IsData;
/** The spec with a host kernel for types that hlo has not. `spec` must have a lowering that only moves elements. */
export declare function movesElements(spec: OpSpec, isData: IsData): OpSpec;

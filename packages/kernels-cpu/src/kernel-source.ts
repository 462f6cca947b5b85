// A loop nest's WebAssembly: picks lanes (four where every type has 32 bits or fewer, two of 64 bits, else scalars) and wraps the
// loops into a module with one export, `run(arguments)`.
import type { HloDType, LoopNest, RunningSums } from "@org/hlo";
import { type ConstantPool, keptConstants } from "./constants.ts";
import { emitFault, faultCodes } from "./fault-record.ts";
import { declareHostFunctions } from "./host-functions.ts";
import { isWide, type KernelContext, type Lanes, type Operation } from "./lanes.ts";
import { emitLoop } from "./loop-kernel.ts";
import { nestLayout } from "./nest-arguments.ts";
import { mayDivideByZero, operationOf } from "./nest-walk.ts";
import { passPlan } from "./pass-plan.ts";
import { emitPasses } from "./passes-kernel.ts";
import { emitReduce } from "./reduce-kernel.ts";
import { scalarLanes } from "./scalar-lanes.ts";
import { emitTiles, tileDimension } from "./tile-kernel.ts";
import { isVectorizable, vectorLanes, vectorsNeedHost } from "./vector-lanes.ts";
import { createModule, type ModuleBuilder } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";
import { isWideOperation, isWideSum, isWideType, wideLanes } from "./wide-lanes.ts";

/** What code generation may use. */
export interface Target {
  readonly relaxed: boolean;
  /** See CpuOptions. */
  readonly runningSums?: RunningSums;
  readonly constants: ConstantPool;
  /** Where faults are recorded: see fault-record.ts. */
  readonly faultAddress: number;
}

/** The widest lanes that can do all of a nest. */
function lanesFor(nest: LoopNest): (context: KernelContext) => Lanes {
  const every = (computes: (operation: Operation) => boolean, holds: (dtype: HloDType) => boolean): boolean =>
    nest.ops.every((op) => (op.kind === "compute" ? computes(operationOf(nest, op)) : holds(op.dtype)));
  if (every(isVectorizable, (dtype) => dtype !== "float64" && !isWide(dtype))) return vectorLanes;
  const sums = nest.ops.every(({ kind, dtype }) => kind !== "reduction" || isWideSum(dtype));
  return sums && every(isWideOperation, isWideType) ? wideLanes : scalarLanes;
}

/** The module for a nest of kind loop, reduce or rows. */
export function nestSource(nest: LoopNest, target: Target): ModuleBuilder {
  const module = createModule();
  const makeLanes = lanesFor(nest);
  // What needs no host may run on other threads.
  const needsHost = makeLanes === vectorLanes ? vectorsNeedHost : () => true;
  const opcodes = nest.ops.flatMap((op) => (op.kind === "compute" ? [op.opcode] : []));
  const host = declareHostFunctions(module, opcodes.filter(needsHost));
  module.func("run", ["i32"], undefined, (f) => {
    const block = f.param(0, "i32");
    // Which element is being computed, for the fault record.
    const element = mayDivideByZero(nest) ? f.local("i32") : undefined;
    const context: KernelContext = {
      f,
      relaxed: target.relaxed,
      ...(target.runningSums && { runningSums: target.runningSums }),
      constants: keptConstants(target.constants, f),
      host,
      ...(element && {
        onDivisionByZero: (dividend) =>
          emitFault(f, target.faultAddress, faultCodes.divisionByZero, dividend, element),
        onElement: () => f.set(element, i32.add(element, i32.const(1))),
      }),
    };
    const lanes = makeLanes(context);
    const plan = passPlan(nest);
    const row = lanes.width === 4 ? tileDimension(nest) : undefined;
    if (row !== undefined) emitTiles(context, nest, nestLayout(nest), block, lanes, row);
    else if (plan) emitPasses(context, nest, plan, nestLayout(nest), block, lanes);
    else if (nest.kind === "reduce") emitReduce(context, nest, nestLayout(nest), block, lanes);
    else emitLoop(context, nest, nestLayout(nest), block, lanes);
  });
  return module;
}

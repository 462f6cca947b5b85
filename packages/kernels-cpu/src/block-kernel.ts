// Kernels that are one WebAssembly function of a plain list of i32 arguments: how they are compiled and called.

import { declareHostFunctions } from "./host-functions.ts";
import type { KernelContext } from "./lanes.ts";
import type { CpuBuffer } from "./memory.ts";
import { type Preparing, type Workshop, withEntry } from "./prepared.ts";
import {
  type Callee,
  createModule,
  type FunctionBuilder,
  type Local,
  type ModuleBuilder,
} from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";

/** Emits a kernel's body; `argument[i]` is the i-th number that `run` passes. */
export type EmitBody = (context: KernelContext, argument: readonly Local<"i32">[]) => void;

export interface BlockKernel {
  /** All that the code depends on. */
  readonly key: string;
  readonly arguments: number;
  readonly opcodes?: readonly string[];
  readonly emit: EmitBody;
  /** The arguments of one launch. */
  readonly values: (inputs: readonly CpuBuffer[], outputs: readonly CpuBuffer[]) => readonly number[];
  readonly mayFault: boolean;
  /** What comes before the kernel: a copy of an operand that it then updates. */
  readonly before?: (inputs: readonly CpuBuffer[], outputs: readonly CpuBuffer[]) => void;
}

/** Compiles (or finds) the kernel and gives its run. */
export function prepareBlock(workshop: Workshop, kernel: BlockKernel): Preparing {
  const { memory, kernels, target, argumentAddress } = workshop;
  const source = (): ModuleBuilder => {
    const module = createModule();
    const host: ReadonlyMap<string, Callee<"f64">> = declareHostFunctions(module, kernel.opcodes ?? []);
    module.func("run", ["i32"], undefined, (f: FunctionBuilder) => {
      const block = f.param(0, "i32");
      const values = Array.from({ length: kernel.arguments }, (_, i) =>
        f.local("i32", i32.load(block, i * 4)),
      );
      kernel.emit({ f, relaxed: target.relaxed, constants: target.constants, host }, values);
    });
    return module;
  };
  return withEntry(kernels.get(kernel.key, source), ({ run }) => ({
    mayFault: kernel.mayFault,
    run: (inputs: readonly CpuBuffer[], outputs: readonly CpuBuffer[]) => {
      kernel.before?.(inputs, outputs);
      const block = memory.words;
      const values = kernel.values(inputs, outputs);
      for (let i = 0; i < values.length; i++) block[argumentAddress / 4 + i] = values[i]!;
      run!(argumentAddress);
    },
  }));
}

// WebGPU lets no dispatch read a buffer under one binding and write it under another: an input that is an output's buffer
// too, and that the kernel does not expect there, is copied first.
import type { GpuBuffer, GpuMemory } from "./buffers.ts";
import type { Run } from "./prepared.ts";
import type { Recorder } from "./recorder.ts";

/** `run` with copies of inputs that outputs overwrite. `inPlace(i)`: the kernel reads input i through the output's binding. */
export function withCopies(
  recorder: Recorder,
  memory: GpuMemory,
  inPlace: (input: number) => boolean,
  run: Run,
): Run {
  return (inputs, outputs, site) => {
    let copied: GpuBuffer[] | undefined;
    let arranged: GpuBuffer[] | undefined;
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]!;
      if (inPlace(i) || !outputs.includes(input)) continue;
      const copy = memory.allocate(input.byteLength);
      recorder.copy(input, 0, copy, 0, input.bindingSize);
      copied ??= [];
      copied.push(copy);
      arranged ??= [...inputs];
      arranged[i] = copy;
    }
    run(arranged ?? inputs, outputs, site);
    // What comes later may have the memory: commands run in order.
    if (copied) for (const copy of copied) memory.release(copy);
  };
}

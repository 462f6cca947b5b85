// Runs a FusionPlan on a Backend the simple way: every value has its own buffer until the end. What a session does
// with arenas and donation, tests and tools do with this.
import { TfError } from "@org/errors";
import {
  type DataOf,
  type DType,
  dtypes,
  type NdArray,
  type NumericData,
  sizeOf,
  viewData,
} from "@org/tensor";
import type { Backend, DeviceBuffer, Executable, KernelFault } from "../backend.ts";
import type { FusionPlan } from "../fusion.ts";
import type { HloComputation } from "../instruction.ts";

/** Thrown where a backend refuses a kernel: which one, and why. */
function refusal(backend: Backend, name: string, why: string): TfError {
  return new TfError("UNIMPLEMENTED", `${backend.name} refuses ${name}: ${why}`);
}

/**
 * Uploads the inputs, launches the steps (site = step number), downloads the roots of `computation`, releases everything.
 * Throws TfError UNIMPLEMENTED where the backend refuses a step. The first fault comes back too.
 */
export async function runPlan(
  backend: Backend,
  computation: HloComputation,
  plan: FusionPlan,
  inputs: readonly NdArray[],
): Promise<{ results: NdArray[]; fault: KernelFault | undefined }> {
  const executables: Executable[] = [];
  for (const { fusion } of plan.steps) {
    const prepared = await backend.prepare(
      fusion,
      fusion.computation.roots.map(() => -1),
    );
    if ("refused" in prepared) throw refusal(backend, fusion.computation.name, prepared.refused);
    executables.push(prepared);
  }
  const buffers: DeviceBuffer[] = [];
  plan.parameters.forEach((value, i) => {
    buffers[value] = backend.upload(inputs[i]!.data as NumericData);
  });
  for (const { value, data } of plan.constants) buffers[value] = backend.upload(data.data as NumericData);
  plan.steps.forEach((step, site) => {
    for (const output of step.outputs) {
      const { dtype, dims } = plan.values[output]!;
      buffers[output] = backend.allocate(sizeOf(dims) * dtypes[dtype].bytes);
    }
    const pick = (list: readonly number[]): DeviceBuffer[] => list.map((value) => buffers[value]!);
    backend.launch(executables[site]!, pick(step.inputs), pick(step.outputs), site);
  });
  const results: NdArray[] = [];
  for (const [i, root] of computation.roots.entries()) {
    const bytes = await backend.download(buffers[plan.roots[i]!]!);
    results.push({ dtype: root.dtype, shape: root.dims, data: viewData(root.dtype, bytes) as DataOf<DType> });
  }
  const fault = backend.takeFault();
  for (const buffer of buffers) if (buffer) backend.release(buffer);
  return { results, fault };
}

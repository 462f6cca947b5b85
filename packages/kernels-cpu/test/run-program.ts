// Runs a whole program through `fuse` on a backend.
import {
  type Backend,
  type DeviceBuffer,
  type Executable,
  type FusionOptions,
  fuse,
  type HloComputation,
} from "@org/hlo";
import { dtypes, type NdArray, type NumericData, sizeOf, viewData } from "@org/tensor";

/** Results of the program's roots; every buffer is released. */
export async function runProgram(
  backend: Backend,
  computation: HloComputation,
  inputs: readonly NdArray[],
  options: FusionOptions = {},
): Promise<NumericData[]> {
  const plan = fuse(computation, { alsoFuses: backend.alsoFuses, ...options });
  const buffers: DeviceBuffer[] = [];
  plan.parameters.forEach((value, i) => {
    buffers[value] = backend.upload(inputs[i]!.data as NumericData);
  });
  for (const { value, data } of plan.constants) buffers[value] = backend.upload(data.data as NumericData);
  for (const { fusion, inputs: from, outputs: to } of plan.steps) {
    const executable = await backend.prepare(
      fusion,
      to.map(() => -1),
    );
    for (const value of to) {
      const { dtype, dims } = plan.values[value]!;
      buffers[value] = backend.allocate(sizeOf(dims) * dtypes[dtype].bytes);
    }
    backend.launch(
      executable as Executable,
      from.map((value) => buffers[value]!),
      to.map((value) => buffers[value]!),
      0,
    );
  }
  const results = plan.roots.map((value, i) =>
    viewData(computation.roots[i]!.dtype, backend.downloadSync!(buffers[value]!)),
  );
  for (const buffer of buffers) backend.release(buffer);
  return results;
}

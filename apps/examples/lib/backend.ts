// What `--backend NAME` chooses: session options for an example.
import type * as tf from "@org/tf";

/** Names that `backendOptions` takes. */
export const backendNames = ["cpu", "gpu", "evaluator"] as const;
export type BackendName = (typeof backendNames)[number];

/** Whether a flag's value is one of them. */
export function isBackendName(name: string): name is BackendName {
  return (backendNames as readonly string[]).includes(name);
}

/**
 * cpu: WebAssembly; gpu: WebGPU (in Node by the package `webgpu`), and WebAssembly for what that has no arithmetic for; evaluator: the plain
 * reference. Rejects with TfError where there is no such thing here.
 */
export async function backendOptions(name: BackendName): Promise<tf.SessionOptions> {
  if (name !== "gpu") return { backends: [name], fallback: name === "evaluator" };
  const { gpu } = await import("@org/kernels-gpu");
  const { create } = (await import("webgpu")) as { create: (options: string[]) => GPU };
  return { backends: [() => gpu({ gpu: create([]) }), "cpu"], fallback: false };
}

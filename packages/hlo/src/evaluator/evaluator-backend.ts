// The evaluator as a Backend: takes every opcode and type, compiles nothing, keeps buffers in ordinary memory. The last
// resort of a session, and the model that others are measured by.
import { TfError } from "@org/errors";
import { type NdArray, type NumericData, viewData } from "@org/tensor";
import type { Backend, BackendStats, DeviceBuffer, Executable, KernelFault, Refusal } from "../backend.ts";
import type { Fusion } from "../fusion.ts";
import { type CustomCall, evaluate } from "./evaluate.ts";
import type { RunningSums } from "./running-sums.ts";

interface Memory extends DeviceBuffer {
  readonly bytes: Uint8Array;
  references: number;
}

export interface EvaluatorBackendOptions {
  /** Kernels for customCall, by name. */
  readonly customCalls?: Readonly<Record<string, CustomCall>>;
  /** Float32 sums of columns as TensorFlow 1 (1) or 2 (4) makes them: to follow a recorded run closely. Default: nearer to the true sums. */
  readonly runningSums?: RunningSums;
}

const bytesOf = (data: NumericData): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A backend named EVALUATOR that runs every fusion; refuses only a customCall that it was given no kernel for. */
export function evaluatorBackend(options: EvaluatorBackendOptions = {}): Backend {
  const { customCalls = {}, runningSums } = options;
  const alive = new Set<Memory>();
  const keys = new Set<string>();
  const counts = { launches: 0, bytesUploaded: 0, bytesDownloaded: 0, bytesInUse: 0 };
  let fault: KernelFault | undefined;
  let closed = false;

  const open = (): void => {
    if (closed) throw new TfError("FAILED_PRECONDITION", "The EVALUATOR backend is closed");
  };
  const memory = (buffer: DeviceBuffer): Memory => {
    open();
    if (!alive.has(buffer as Memory))
      throw new TfError("INTERNAL", "The buffer was released, or is of another backend");
    return buffer as Memory;
  };
  const track = (bytes: Uint8Array): Memory => {
    const made = { byteLength: bytes.byteLength, bytes, references: 1 };
    alive.add(made);
    counts.bytesInUse += bytes.byteLength;
    return made;
  };
  const downloadSync = (buffer: DeviceBuffer): Uint8Array => {
    const { bytes } = memory(buffer);
    counts.bytesDownloaded += bytes.byteLength;
    return bytes.slice();
  };

  return {
    name: "EVALUATOR",
    supports: () => true,
    alsoFuses: ["convolution", "rows"],

    prepare(fusion: Fusion): Executable | Refusal {
      open();
      for (const { opcode, attributes } of fusion.computation.instructions) {
        const name = opcode === "customCall" ? (attributes as { name: string }).name : undefined;
        if (name !== undefined && !Object.hasOwn(customCalls, name))
          return { refused: `no kernel named ${name}` };
      }
      keys.add(fusion.key);
      return { fusion };
    },

    launch({ fusion }, inputs, outputs, site): void {
      const { parameters } = fusion.computation;
      const arrays = parameters.map(({ dtype, dims }, i): NdArray => {
        return { dtype, shape: dims, data: viewData(dtype, memory(inputs[i]!).bytes) };
      });
      const onFault = (found: Omit<KernelFault, "site">): void => {
        fault ??= { ...found, site };
      };
      const results = evaluate(fusion.computation, arrays, {
        onFault,
        customCalls,
        ...(runningSums && { runningSums }),
      });
      // A result may share memory with an input that is an output's buffer too: all are copied before one is written.
      const shared = new Set(arrays.map(({ data }) => (data as NumericData).buffer));
      const copies = results.map(({ data }) => {
        const bytes = bytesOf(data as NumericData);
        return shared.has(bytes.buffer) ? bytes.slice() : bytes;
      });
      copies.forEach((bytes, i) => {
        memory(outputs[i]!).bytes.set(bytes);
      });
      counts.launches++;
    },

    allocate(byteLength: number): DeviceBuffer {
      open();
      try {
        return track(new Uint8Array(byteLength));
      } catch (cause) {
        throw new TfError("RESOURCE_EXHAUSTED", `OOM when allocating ${byteLength} bytes on EVALUATOR`, {
          cause,
        });
      }
    },

    retain(buffer: DeviceBuffer): void {
      memory(buffer).references++;
    },

    release(buffer: DeviceBuffer): void {
      const held = memory(buffer);
      if (--held.references > 0) return;
      alive.delete(held);
      counts.bytesInUse -= held.byteLength;
    },

    upload(data: NumericData): DeviceBuffer {
      open();
      counts.bytesUploaded += data.byteLength;
      return track(bytesOf(data).slice());
    },

    async download(buffer: DeviceBuffer): Promise<Uint8Array> {
      return downloadSync(buffer);
    },
    downloadSync,

    takeFault(): KernelFault | undefined {
      const taken = fault;
      fault = undefined;
      return taken;
    },

    stats(): BackendStats {
      return { compiled: keys.size, buffers: alive.size, ...counts };
    },

    async close(): Promise<void> {
      closed = true;
      alive.clear();
      counts.bytesInUse = 0;
    },
  };
}

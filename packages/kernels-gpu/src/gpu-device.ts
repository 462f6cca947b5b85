// Opens a WebGPU device with the limits that its adapter has, and remembers what went wrong on it: WebGPU tells of
// failures late, so they are thrown by the next call that can throw.
import { TfError } from "@org/errors";
import type { RunningSums } from "@org/hlo";

export interface GpuOptions {
  /** Where adapters come from: default `navigator.gpu`. In Node, `create([])` of the package `webgpu`. */
  readonly gpu?: GPU;
  /** Which adapter, where there are several. */
  readonly powerPreference?: GPUPowerPreference;
  /** A device that the program has already, to share: used with the limits that it has, and not destroyed by `close`. */
  readonly device?: GPUDevice;
  /** Most bytes that buffers may take together; unless given, as much as the device gives. */
  readonly maximumBytes?: number;
  /**
   * Float sums of columns in the order of TensorFlow 1's kernels (1 running sum) or TensorFlow 2's (4), to follow a recorded run closely.
   * Slow where columns are few. Default: by as many invocations as keep the device busy, and nearer to the true sums.
   */
  readonly runningSums?: RunningSums;
}

/** Limits that are asked for as high as the adapter has them. */
const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupStorageSize",
] as const;

/** An open device and what went wrong on it. */
export class GpuDevice {
  readonly device: GPUDevice;
  /** What the device came from; none where it is shared. Dawn in Node ends all when that is collected. */
  readonly #origin: GPU | undefined;
  readonly #onError: (event: Event) => void;
  /** Ends all: lost, or closed. */
  #end: TfError | undefined;
  /** Commands that were refused, for lack of memory above all: their results are wrong, later ones need not be. */
  #refused: TfError | undefined;

  constructor(device: GPUDevice, origin: GPU | undefined) {
    this.device = device;
    this.#origin = origin;
    device.lost.then(({ message }) => {
      this.#end ??= this.#lost(message);
    });
    this.#onError = (event) => {
      this.#refused ??= deviceError((event as GPUUncapturedErrorEvent).error);
    };
    device.addEventListener("uncapturederror", this.#onError);
  }

  get limits(): GPUSupportedLimits {
    return this.device.limits;
  }

  get isLost(): boolean {
    return this.#end?.code === "UNAVAILABLE";
  }

  /** Throws TfError FAILED_PRECONDITION after `close`, UNAVAILABLE where the device is lost. */
  check(): void {
    if (this.#end) throw this.#end;
  }

  /**
   * What is wrong with what comes back from the device: as `check`, or that commands were refused since it was last asked
   * (RESOURCE_EXHAUSTED where there was no memory, else INTERNAL); undefined where all is well.
   */
  takeFailure(): TfError | undefined {
    const failure = this.#end ?? this.#refused;
    this.#refused = undefined;
    return failure;
  }

  /** After something failed: throws as `check`, and for that waits a little, since a loss may be told later than what fails for it. */
  async checkLater(): Promise<void> {
    if (!this.#end)
      await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, 100))]);
    this.check();
  }

  /** The error for a read-back that did not come. */
  async failed(cause: unknown): Promise<TfError> {
    await this.checkLater().catch(() => {});
    return this.#end ?? this.#lost(cause instanceof Error ? cause.message : String(cause));
  }

  #lost(message: string): TfError {
    const next = this.#origin
      ? "A session opens another device when it runs next"
      : "Open another device, a backend on it and a session";
    return new TfError("UNAVAILABLE", `The GPU device was lost: ${message || "no reason was given"}`, {
      hint: `What was on it is gone. ${next}; restore the last checkpoint then.`,
    });
  }

  /** Ends the device; what is under way on it fails. */
  close(): void {
    this.#end ??= new TfError("FAILED_PRECONDITION", "The GPU backend is closed");
    this.device.removeEventListener("uncapturederror", this.#onError);
    if (this.#origin) this.device.destroy();
  }
}

function deviceError(error: GPUError): TfError {
  const { message } = error;
  return error.constructor.name === "GPUOutOfMemoryError"
    ? new TfError("RESOURCE_EXHAUSTED", `OOM on the GPU: ${message}`, {
        hint: "Use a smaller batch, or run on the CPU.",
      })
    : new TfError("INTERNAL", `The GPU refused a command: ${message}`);
}

/**
 * A device of the preferred adapter. Throws TfError UNIMPLEMENTED where there is no WebGPU, UNAVAILABLE where it has no
 * adapter or the adapter no device.
 */
export async function openDevice({ gpu, powerPreference, device }: GpuOptions): Promise<GpuDevice> {
  if (device) return new GpuDevice(device, undefined);
  const root = gpu ?? (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!root)
    throw new TfError("UNIMPLEMENTED", "There is no WebGPU here", {
      hint: "Pages need https or localhost and a browser that has it. In Node: npm install webgpu, and pass gpu({ gpu: create([]) }).",
    });
  const adapter = await root.requestAdapter(powerPreference ? { powerPreference } : {});
  if (!adapter)
    throw new TfError("UNAVAILABLE", "WebGPU has no adapter: no GPU, or its driver is blocked or missing", {
      hint: "chrome://gpu says why. On Linux a Vulkan driver is needed.",
    });
  const limits = adapter.limits as unknown as Record<string, number>;
  const requiredLimits = Object.fromEntries(wantedLimits.map((name) => [name, limits[name]!]));
  try {
    return new GpuDevice(await adapter.requestDevice({ requiredLimits }), root);
  } catch (cause) {
    throw new TfError("UNAVAILABLE", "The WebGPU adapter gives no device", { cause });
  }
}

// Compute pipelines of one device, by key: a structure is compiled once, whatever its extents. Bind group layouts are
// shared by all kernels that bind alike.
import { TfError } from "@org/errors";
import type { GpuDevice } from "./gpu-device.ts";
import { type ShaderSource, shaderText } from "./shader-source.ts";
import { computeStage } from "./webgpu-flags.ts";

/** A compiled shader: what a dispatch needs to know of it. */
export interface Kernel {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly source: ShaderSource;
}

/** What has been made on one device: backends that share it share this. */
interface Made {
  readonly kernels: Map<string, Kernel | Promise<Kernel>>;
  readonly layouts: Map<string, GPUBindGroupLayout>;
}

const madeOn: WeakMap<GPUDevice, Made> = new WeakMap();

export class Pipelines {
  readonly #device: GpuDevice;
  readonly #made: Made;
  /** Compiled here; not what another backend of the device had. */
  compiled = 0;

  constructor(device: GpuDevice) {
    this.#device = device;
    this.#made = madeOn.get(device.device) ?? { kernels: new Map(), layouts: new Map() };
    madeOn.set(device.device, this.#made);
  }

  /**
   * The kernel with this key; `source` makes it where it is new, and the promise is of its compilation. Rejects with TfError
   * INTERNAL where the shader does not compile.
   */
  get(key: string, source: () => ShaderSource): Kernel | Promise<Kernel> {
    const { kernels } = this.#made;
    const found = kernels.get(key);
    if (found) return found;
    const made = this.#compile(source()).then((kernel) => {
      kernels.set(key, kernel);
      return kernel;
    });
    kernels.set(key, made);
    return made;
  }

  async #compile(source: ShaderSource): Promise<Kernel> {
    this.compiled++;
    const { device } = this.#device;
    const code = shaderText(source);
    const module = device.createShaderModule({ code });
    const layout = this.#layout(source);
    try {
      const pipeline = await device.createComputePipelineAsync({
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: "main" },
      });
      return { pipeline, layout, source };
    } catch (cause) {
      await this.#device.checkLater();
      const { messages } = await module.getCompilationInfo();
      const said = messages.map(({ lineNum, message }) => `line ${lineNum}: ${message}`).join("; ");
      throw new TfError(
        "INTERNAL",
        `A shader does not compile: ${said || (cause as Error).message}\n${code}`,
        {
          cause,
        },
      );
    }
  }

  /** Binding 0 is the parameter block, 1 the fault record of kernels that have faults; buffers follow. */
  #layout({ inputs, outputs, scratch, faults }: ShaderSource): GPUBindGroupLayout {
    const types: GPUBufferBindingType[] = [
      ...(faults ? ["storage" as const] : []),
      ...inputs.map(() => "read-only-storage" as const),
      ...outputs.map(() => "storage" as const),
      ...(scratch ? ["storage" as const] : []),
    ];
    const key = types.join();
    const { layouts } = this.#made;
    let layout = layouts.get(key);
    if (!layout) {
      const visibility = computeStage;
      layout = this.#device.device.createBindGroupLayout({
        entries: [
          { binding: 0, visibility, buffer: { type: "uniform", hasDynamicOffset: true } },
          ...types.map((type, i) => ({ binding: i + 1, visibility, buffer: { type } })),
        ],
      });
      layouts.set(key, layout);
    }
    return layout;
  }
}

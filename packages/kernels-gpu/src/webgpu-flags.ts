// WebGPU's flags as numbers: in Node they are no globals. Source: https://www.w3.org/TR/webgpu/ (GPUBufferUsage, GPUMapMode,
// GPUShaderStage).

export const bufferUsage = {
  mapRead: 0x1,
  copySource: 0x4,
  copyTarget: 0x8,
  uniform: 0x40,
  storage: 0x80,
} as const;

/** GPUMapMode.READ. */
export const mapRead = 0x1;

/** GPUShaderStage.COMPUTE. */
export const computeStage = 0x4;

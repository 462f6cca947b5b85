// A compute shader as its generator describes it, and the WGSL around the generator's own lines: bindings, the parameter
// block, the entry point. A kernel runs over a number of workgroups that only its launch knows, however many: beyond 65,535
// they go on in the second dimension of the grid.
import { faultValues } from "./fault-record.ts";
import { type WgslFunctions, wgslFunctions } from "./wgsl-functions.ts";

/** The element type of a bound array. Types of less than 32 bits lie several to a word of "u32": see element-types.ts. */
export type ArrayType = "f32" | "i32" | "u32";

export interface ShaderSource {
  /** Arrays `in0`, `in1` ... that are read. */
  readonly inputs: readonly ArrayType[];
  /** Arrays `out0`, `out1` ... that are written (and may be read: a donated input is its output's array). */
  readonly outputs: readonly ArrayType[];
  /** An array `scratch` between the dispatches of one launch. */
  readonly scratch?: ArrayType;
  /** 32-bit words of the parameter block: `word(k)` reads one. */
  readonly words: number;
  /** Whether `fault(...)` may be called. */
  readonly faults?: boolean;
  /** Invocations of a workgroup: in the body, `local` is which one this is, of the workgroup `group`; both u32. */
  readonly workgroup: number;
  /** Library functions that the body calls. */
  readonly functions: WgslFunctions;
  /** At module scope: workgroup memory, functions of its own. */
  readonly declarations?: readonly string[];
  /** Statements of the entry point. */
  readonly body: readonly string[];
}

/** A word of the parameter block, as u32. */
export const word = (k: number): string => `parameters.words[${k >> 2}].${"xyzw"[k & 3]}`;
/** The same as i32 and f32. */
export const signedWord = (k: number): string => `bitcast<i32>(${word(k)})`;
export const floatWord = (k: number): string => `bitcast<f32>(${word(k)})`;

/** Bytes of the parameter block: whole vectors; behind the words is the launch's number, for faults. */
export function blockBytes({ words, faults }: ShaderSource): number {
  return Math.ceil((words + (faults ? 1 : 0)) / 4) * 16 || 16;
}

/** The shader's text. */
export function shaderText(source: ShaderSource): string {
  const { inputs, outputs, scratch, words, faults, workgroup, functions, declarations = [], body } = source;
  const bindings = [
    ...(faults ? ["var<storage, read_write> faultRecord: FaultRecord"] : []),
    ...inputs.map((type, i) => `var<storage, read> in${i}: array<${type}>`),
    ...outputs.map((type, i) => `var<storage, read_write> out${i}: array<${type}>`),
    ...(scratch ? [`var<storage, read_write> scratch: array<${scratch}>`] : []),
  ];
  return [
    `struct Parameters { words: array<vec4<u32>, ${blockBytes(source) / 16}> }`,
    "@group(0) @binding(0) var<uniform> parameters: Parameters;",
    ...(faults ? [faultRecordText(word(words))] : []),
    ...bindings.map((binding, i) => `@group(0) @binding(${i + 1}) ${binding};`),
    ...(functions.names.has("rounded") ? ["var<private> zero: u32;"] : []),
    ...wgslFunctions(functions),
    ...declarations,
    `@compute @workgroup_size(${workgroup})`,
    "fn main(@builtin(workgroup_id) groupId: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,",
    "    @builtin(local_invocation_index) local: u32) {",
    "  let group = groupId.y * groups.x + groupId.x;",
    // Grids have a depth of 1, which compilers do not know.
    ...(functions.names.has("rounded") ? ["  zero = groups.z - 1u;"] : []),
    ...body.map((line) => `  ${line}`),
    "}",
    "",
  ].join("\n");
}

/** `fault(reason, position, value)` for bad data: see fault-record.ts. */
function faultRecordText(launch: string): string {
  return `struct FaultRecord {
  launch: atomic<u32>, reason: atomic<u32>, inversePosition: atomic<u32>, values: array<atomic<u32>, ${faultValues}>
}
fn fault(reason: u32, position: u32, value: u32) {
  var seen = atomicLoad(&faultRecord.launch);
  while (seen == 0u) {
    let claimed = atomicCompareExchangeWeak(&faultRecord.launch, 0u, ${launch});
    seen = select(claimed.old_value, ${launch}, claimed.exchanged);
  }
  if (seen != ${launch}) { return; }
  atomicStore(&faultRecord.reason, reason);
  if (~position > atomicMax(&faultRecord.inversePosition, ~position)) {
    atomicStore(&faultRecord.values[position % ${faultValues}u], value);
  }
}`;
}

// Kernels that give each element of one output by itself: an invocation computes one word of the output, which holds one,
// two or four elements. What all of gather, pad, windows and the like share; their own lines say what an element is.
import type { HloDType, Refusal } from "@org/hlo";
import type { GpuBuffer } from "./buffers.ts";
import { elementBits, elementType } from "./element-types.ts";
import type { Workshop } from "./prepared.ts";
import { andThen } from "./prepared.ts";
import { type ArrayType, type ShaderSource, signedWord, word } from "./shader-source.ts";
import { WgslFunctions } from "./wgsl-functions.ts";

/** Invocations of a workgroup. */
const workgroup = 256;

/** The element as its lines give it: a value of the output's type, or the bits as they stand in memory. */
export type ElementOf =
  | { readonly kind: "value"; readonly dtype: HloDType }
  | { readonly kind: "bits"; readonly perWord: number };

/** What code depends on: equal keys, equal code. */
export interface ElementKernel {
  readonly key: string;
  readonly inputs: readonly ArrayType[];
  /** The output's array; its own type for values, and u32 for bits, unless given. */
  readonly output?: ArrayType;
  readonly element: ElementOf;
  /** Names of arguments: u32 in the lines, i32 where `signed`. */
  readonly names: readonly string[];
  readonly signed?: boolean;
  readonly faults?: boolean;
  readonly declarations?: readonly string[];
  /** Statements that declare `result` for the element `index`, u32 (i32 where `signed`). */
  readonly lines: (functions: WgslFunctions) => readonly string[];
}

/** A launch of a kernel: `elements` of the output (all of it), with these arguments. */
export type ElementRun = (
  inputs: readonly GpuBuffer[],
  output: GpuBuffer,
  elements: number,
  values: Uint32Array,
  site: number,
) => void;

/** The names of arguments as constants of the entry point. */
export function declareArguments(names: readonly string[], signed = false): string[] {
  return names.map((name, k) => `let ${name} = ${signed ? signedWord(k) : word(k)};`);
}

/** Argument values as words; negative ones in two's complement. */
export function argumentWords(values: readonly number[]): Uint32Array {
  return Uint32Array.from(values, (value) => value >>> 0);
}

function elementSource(kernel: ElementKernel): ShaderSource {
  const { inputs, element, names, signed = false, faults = false, declarations = [], lines } = kernel;
  const functions = new WgslFunctions();
  const own = element.kind === "value" ? elementType(element.dtype) : undefined;
  const perWord = own?.perWord ?? (element as { perWord: number }).perWord;
  const bits =
    element.kind === "value" && perWord > 1 ? elementBits(functions, element.dtype, "result") : "result";
  const body = lines(functions);
  const declared = declareArguments(names, signed);
  const index = signed ? "i32(at)" : "at";
  const write =
    perWord === 1
      ? [
          `let at = first;`,
          `if (at < elements) {`,
          `let index = ${index};`,
          ...body,
          "out0[at] = result;",
          "}",
        ]
      : [
          "var bits = 0u;",
          `for (var lane = 0u; lane < ${perWord}u; lane++) {`,
          `let at = first * ${perWord}u + lane;`,
          "if (at < elements) {",
          `let index = ${index};`,
          ...body,
          `bits |= ${bits} << (lane * ${32 / perWord}u);`,
          "}",
          "}",
          `if (first * ${perWord}u < elements) { out0[first] = bits; }`,
        ];
  return {
    inputs,
    outputs: [kernel.output ?? own?.array ?? "u32"],
    words: names.length + 1,
    faults,
    workgroup,
    functions,
    declarations,
    body: [
      ...declared,
      `let elements = ${word(names.length)};`,
      `let first = group * ${workgroup}u + local;`,
      ...write,
    ],
  };
}

/** Compiles the kernel, or takes it as it is. */
export function prepareElements(
  { pipelines, recorder }: Workshop,
  source: ElementKernel,
): ElementRun | Promise<ElementRun> {
  const { perWord } = source.element.kind === "value" ? elementType(source.element.dtype) : source.element;
  return andThen(
    pipelines.get(source.key, () => elementSource(source)),
    (kernel): ElementRun =>
      (inputs, output, elements, values, site) => {
        const words = new Uint32Array(values.length + 1);
        words.set(values);
        words[values.length] = elements;
        recorder.dispatch({
          kernel,
          buffers: [...inputs, output],
          words,
          workgroups: Math.ceil(elements / perWord / workgroup),
          site,
        });
      },
  );
}

/** A refusal in one sentence. */
export function refusal(what: string): Refusal {
  return { refused: `GPU has no kernel for ${what}` };
}

/** Elements of a type to a word of memory; undefined for types that kernels here do not move. */
export function elementsPerWord(dtype: HloDType): number {
  return elementType(dtype).perWord;
}

/** The bits of the element at `index` (u32) of an array of u32. */
export function bitsAt(name: string, index: string, perWord: number): string {
  if (perWord === 1) return `${name}[${index}]`;
  const width = 32 / perWord;
  return `((${name}[(${index}) / ${perWord}u] >> (((${index}) % ${perWord}u) * ${width}u)) & ${(2 ** width - 1).toString()}u)`;
}

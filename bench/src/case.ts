// A case: what each library does once a call; one that cannot leaves it out. Inputs come from JavaScript and results end there, unless the
// case says that they stay with the library.
import type { SessionOptions } from "@org/tf";
import type { MeasureOptions, Work } from "./measure.ts";

/** Prepares a library for a case. */
export type Prepare = () => Work | Promise<Work>;

export interface Case {
  readonly name: string;
  /** `more` are options of the session. */
  readonly ours: (more?: SessionOptions) => Work | Promise<Work>;
  /** Work that threads share: ours and TensorFlow run it with two as well. */
  readonly shared?: true;
  /** TensorFlow.js on WebAssembly, jax-js on WebAssembly. */
  readonly tfjs?: Prepare;
  readonly jax?: Prepare;
  /** A builder of python/bench.py, and its argument. */
  readonly tensorflow?: readonly [builder: string, argument: number | string];
  /** Floating-point operations of one call, where that says something. */
  readonly flops?: number;
  readonly measure?: MeasureOptions;
}

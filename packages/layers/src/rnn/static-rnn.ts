// tf.nn.static_rnn: a cell over a list of inputs, step by step. Source: python/ops/rnn.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import {
  cast,
  convertToTensor,
  getItem,
  reduceMax,
  reduceMin,
  shape as shapeOf,
  type TensorLike,
  type VariableScope,
  variableScope,
  zeros,
} from "@org/ops";
import type { DType } from "@org/tensor";
import { assertLikeCell, type CellResult, type RnnCell } from "./cell.ts";
import { rnnStep } from "./rnn-step.ts";
import { recurrentScope } from "./scopes.ts";
import { type BatchSize, fullShape, knownShape, leavesOf, type State } from "./state.ts";

export interface StaticRnnOptions {
  /** Zeros unless given; then `dtype` must be. */
  readonly initialState?: State | undefined;
  readonly dtype?: DType | undefined;
  /** How long each row of the batch is; all steps unless given. */
  readonly sequenceLength?: TensorLike | undefined;
  /** Default "rnn". */
  readonly scope?: string | VariableScope | undefined;
}

/**
 * tf.nn.static_rnn: `cell` over inputs [batch, depth], one a step: its output at each, and the state after the last one.
 * Throws a TypeError where there are no inputs, or neither an initial state nor a dtype; TfError INVALID_ARGUMENT where an input's
 * depth is not known.
 */
export function staticRnn(
  cell: RnnCell,
  inputs: readonly Tensor[],
  options: StaticRnnOptions = {},
): { readonly outputs: Tensor[]; readonly state: State } {
  assertLikeCell("cell", cell);
  if (!Array.isArray(inputs)) throw new TypeError("inputs must be a sequence");
  const [first] = inputs as readonly Tensor[];
  if (!first) throw new TypeError("inputs must not be empty");
  const { graph } = first;
  return recurrentScope(graph, options.scope ?? "rnn", (scope) => {
    for (const { shape } of inputs) {
      const dims: readonly (number | null)[] = shape.dims ?? [null, null];
      const unknown = dims.findIndex((dim, i) => i > 0 && dim === null);
      if (unknown !== -1)
        throw new TfError(
          "INVALID_ARGUMENT",
          `Input size (dimension ${unknown - 1} of inputs) must be accessible via shape inference, but saw value None.`,
        );
    }
    const known = first.shape.dims?.[0] ?? null;
    const batch: BatchSize = known || getItem(shapeOf(first), 0);
    const { dtype, initialState } = options;
    if (initialState === undefined && dtype === undefined)
      throw new TypeError("If no initial_state is provided, dtype must be specified");
    let state = initialState ?? cell.zeroState(batch, dtype!);
    const lengths =
      options.sequenceLength === undefined
        ? undefined
        : prepared(cell, options.sequenceLength, batch, known, dtype ?? leavesOf(state)[0]!.dtype, first);
    const outputs = inputs.map((input, time) => {
      const run = (): CellResult => {
        const current = state;
        const callCell = (): CellResult => cell.apply(input, current);
        return lengths
          ? rnnStep({ time, ...lengths, state: current, callCell, skipConditionals: false })
          : callCell();
      };
      // From the second step on, variables are there already.
      const [output, next] =
        time === 0 ? run() : variableScope(scope, run, { reuse: true, auxiliaryNameScope: false });
      state = next;
      return output;
    });
    return { outputs, state };
  });
}

function prepared(
  cell: RnnCell,
  given: TensorLike,
  batch: BatchSize,
  known: number | null,
  dtype: DType,
  { graph }: Tensor,
) {
  const length = convertToTensor(given, { name: "sequence_length", preferredDType: "int32", graph });
  if (length.shape.rank !== null && length.shape.rank !== 1)
    throw new TfError("INVALID_ARGUMENT", "sequence_length must be a vector of length batch_size");
  const zeroOutput = zeros(fullShape(batch, cell.outputSize, graph), dtype);
  // Python asks for the known shape through a function that makes constants of its parts.
  if (known !== null) convertToTensor(Int32Array.of(known), { graph });
  convertToTensor(Int32Array.of(cell.outputSize), { graph });
  zeroOutput.setShape(knownShape(known, cell.outputSize));
  const sequenceLength = cast(length, "int32");
  return {
    zeroOutput,
    sequenceLength,
    minSequenceLength: reduceMin(sequenceLength),
    maxSequenceLength: reduceMax(sequenceLength),
  };
}

// tf.nn.dynamic_rnn, bidirectional_dynamic_rnn: a cell over sequences, as a loop.
// Source: python/ops/rnn.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import {
  Assert,
  cast,
  concat,
  constant,
  convertToTensor,
  equal,
  getItem,
  identity,
  int32,
  maximum,
  minimum,
  operator,
  range,
  rank as rankOf,
  reduceAll,
  reduceMax,
  reduceMin,
  reverse,
  reverseSequence,
  shape as shapeOf,
  stack,
  TensorArray,
  type TensorLike,
  transpose,
  type VariableScope,
  variableScope,
  whileLoop,
  zeros,
} from "@org/ops";
import { convertToNdArray, type DType, Shape } from "@org/tensor";
import { assertLikeCell, type CellResult, type RnnCell } from "./cell.ts";
import { rnnStep } from "./rnn-step.ts";
import { recurrentScope } from "./scopes.ts";
import { type BatchSize, fullShape, leavesOf, type State } from "./state.ts";

export interface DynamicRnnOptions {
  /** How long each row of the batch is; all of it unless given. */
  readonly sequenceLength?: TensorLike | undefined;
  /** Zeros unless given; then `dtype` must be. */
  readonly initialState?: State | undefined;
  readonly dtype?: DType | undefined;
  /** Default 32. */
  readonly parallelIterations?: number | undefined;
  readonly swapMemory?: boolean | undefined;
  /** Inputs and outputs are [time, batch, ...] instead of [batch, time, ...]. */
  readonly timeMajor?: boolean | undefined;
  /** Default "rnn". */
  readonly scope?: string | VariableScope | undefined;
}

/** [batch, time, ...] to [time, batch, ...] and back. */
function transposeBatchTime(x: Tensor): Tensor {
  const { rank, dims } = x.shape;
  if (rank !== null && rank < 2) return x;
  const order = concat([Int32Array.of(1, 0), range(2, rankOf(x))] as TensorLike[], 0);
  const moved = transpose(x, order);
  if (dims) moved.setShape([dims[1]!, dims[0]!, ...dims.slice(2)]);
  return moved;
}

/** The batch size of [time, batch, ...]: known, or a tensor. */
function batchSizeOf(x: Tensor): BatchSize {
  const { rank, dims } = x.shape;
  if (rank !== null && rank < 2)
    throw new TfError("INVALID_ARGUMENT", `Expected input tensor ${x} to have rank at least 2`);
  return dims?.[1] ?? getItem(shapeOf(x), 1);
}

/** A sequence length that fails a run where it is not one number a row. */
function checkedLength(length: Tensor, batch: BatchSize): Tensor {
  const actual = shapeOf(length);
  const wanted =
    typeof batch === "number"
      ? convertToTensor(Int32Array.of(batch), { name: "stack", graph: length.graph })
      : stack([batch]);
  const check = Assert(reduceAll(equal(actual, wanted)), [
    `Expected shape for Tensor ${length.name} is `,
    wanted,
    " but saw shape: ",
    actual,
  ]);
  return length.graph.controlDependencies([check], () => identity(length, { name: "CheckSeqLen" }));
}

/**
 * tf.nn.dynamic_rnn: `cell` over [batch, time, depth]; its outputs at each step, and the state after the last one of each row.
 * Throws a TypeError where there is neither an initial state nor a dtype; TfError INVALID_ARGUMENT where the depth is not known.
 */
export function dynamicRnn(cell: RnnCell, inputs: Tensor, options: DynamicRnnOptions = {}): CellResult {
  assertLikeCell("cell", cell);
  const { graph } = inputs;
  const { timeMajor = false, initialState, dtype } = options;
  return recurrentScope(graph, options.scope ?? "rnn", () => {
    const x = timeMajor ? inputs : transposeBatchTime(inputs);
    let length: Tensor | undefined;
    if (options.sequenceLength !== undefined) {
      const given = options.sequenceLength;
      length = cast(Array.isArray(given) ? convertToNdArray(given as never, "int32") : given, "int32");
      if (length.shape.rank !== null && length.shape.rank !== 1)
        throw new TfError(
          "INVALID_ARGUMENT",
          `sequence_length must be a vector of length batch_size, but saw shape: ${length.shape.toTuple()}`,
        );
      length = identity(length, { name: "sequence_length" });
    }
    const batch = batchSizeOf(x);
    if (initialState === undefined && dtype === undefined)
      throw new TypeError("If there is no initial_state, you must give a dtype.");
    const state = initialState ?? cell.zeroState(batch, dtype!);
    if (length) length = checkedLength(length, batch);
    const [outputs, last] = loop(cell, x, state, length, options);
    return [timeMajor ? outputs : transposeBatchTime(outputs), last];
  });
}

function stateType(state: State): DType {
  const types = leavesOf(state).map(({ dtype }) => dtype);
  if (types.some((type) => type !== types[0]))
    throw new TypeError(
      "State has tensors of different inferred_dtypes. Unable to infer a single representative dtype.",
    );
  return types[0]!;
}

function loop(
  cell: RnnCell,
  x: Tensor,
  state: State,
  sequenceLength: Tensor | undefined,
  options: DynamicRnnOptions,
): CellResult {
  const { graph } = x;
  const { parallelIterations = 32, swapMemory = false } = options;
  const dtype = options.dtype ?? stateType(state);
  const timeSteps = getItem(shapeOf(x), 0);
  const batch = batchSizeOf(x);
  const { dims } = x.shape;
  if (dims === null || dims.length < 3 || dims.slice(2).includes(null))
    throw new TfError(
      "INVALID_ARGUMENT",
      "Input size (depth of inputs) must be accessible via shape inference, but saw value None.",
    );
  const [knownSteps, knownBatch] = dims as [number | null, number | null];
  const zeroOutput = zeros(fullShape(batch, cell.outputSize, graph), dtype);
  const lengths = sequenceLength && {
    sequenceLength,
    minSequenceLength: reduceMin(sequenceLength),
    maxSequenceLength: reduceMax(sequenceLength),
  };
  const start = constant(0, "int32", { name: "time" });
  const base = graph.nameScope("dynamic_rnn", (scope) => scope);
  const outputs = new TensorArray(dtype, {
    size: timeSteps,
    elementShape: [knownBatch, cell.outputSize],
    tensorArrayName: `${base}output_0`,
  });
  const elements = new TensorArray(x.dtype, {
    size: timeSteps,
    elementShape: dims.slice(1),
    tensorArrayName: `${base}input_0`,
  }).unstack(x);
  const body = (
    time: Tensor,
    written: TensorArray,
    current: State,
  ): readonly [Tensor, TensorArray, State] => {
    const input = elements.read(time);
    input.setShape(dims.slice(1));
    const callCell = (): CellResult => cell.apply(input, current);
    const [output, next] = lengths
      ? rnnStep({ time, ...lengths, zeroOutput, state: current, callCell, skipConditionals: true })
      : callCell();
    const after = written.write(time, output);
    return [operator.add(time, 1), after, next];
  };
  const bound = minimum(timeSteps, maximum(int32(1), lengths?.maxSequenceLength ?? timeSteps));
  const [, written, last] = whileLoop(
    (time: unknown) => operator.lt(time as Tensor, bound),
    body as never,
    [start, outputs, state] as never,
    { parallelIterations, maximumIterations: timeSteps, swapMemory },
  ) as unknown as [Tensor, TensorArray, State];
  const stacked = written.stack();
  // Python asks for the known shape through a function that makes constants of its parts.
  if (knownSteps !== null && knownBatch !== null)
    convertToTensor(Int32Array.of(knownSteps, knownBatch), { graph });
  convertToTensor(Int32Array.of(cell.outputSize), { graph });
  stacked.setShape(new Shape([knownSteps, knownBatch, cell.outputSize]));
  return [stacked, last];
}

/** tf.nn.bidirectional_dynamic_rnn: one cell forwards, another backwards over the same sequences. Throws as dynamicRnn. */
export function bidirectionalDynamicRnn(
  cellFw: RnnCell,
  cellBw: RnnCell,
  inputs: Tensor,
  options: Omit<DynamicRnnOptions, "initialState"> & {
    readonly initialStateFw?: State | undefined;
    readonly initialStateBw?: State | undefined;
  } = {},
): { readonly outputs: readonly [Tensor, Tensor]; readonly states: readonly [State, State] } {
  assertLikeCell("cell_fw", cellFw);
  assertLikeCell("cell_bw", cellBw);
  const { initialStateFw, initialStateBw, scope, ...own } = options;
  const [timeAxis, batchAxis] = own.timeMajor ? [0, 1] : [1, 0];
  const backwards = (x: Tensor): Tensor =>
    own.sequenceLength === undefined
      ? reverse(x, Int32Array.of(timeAxis))
      : reverseSequence(x, own.sequenceLength, { seqAxis: timeAxis, batchAxis });
  const { graph } = inputs;
  return graph.asDefault(() => {
    const [forward, back] = variableScope(scope ?? "bidirectional_rnn", () => [
      variableScope("fw", (fw) =>
        dynamicRnn(cellFw, inputs, { ...own, initialState: initialStateFw, scope: fw }),
      ),
      variableScope("bw", (bw) =>
        dynamicRnn(cellBw, backwards(inputs), { ...own, initialState: initialStateBw, scope: bw }),
      ),
    ]) as [CellResult, CellResult];
    return { outputs: [forward[0], backwards(back[0])], states: [forward[1], back[1]] };
  });
}

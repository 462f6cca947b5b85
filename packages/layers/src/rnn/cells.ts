// tf.nn.rnn_cell: recurrent cells.
export { BasicRNNCell, type BasicRNNCellOptions, GRUCell, type GRUCellOptions } from "./basic-cells.ts";
export { type CellOptions, type CellResult, LayerCell, type RnnCell } from "./cell.ts";
export { BasicLSTMCell, type BasicLSTMCellOptions, LSTMCell, type LSTMCellOptions } from "./lstm-cells.ts";
export type { BatchSize, LSTMStateTuple, Size, State, StateSize } from "./state.ts";
export {
  DeviceWrapper,
  DropoutWrapper,
  type DropoutWrapperOptions,
  MultiRNNCell,
  type MultiRNNCellOptions,
  ResidualWrapper,
} from "./wrappers.ts";

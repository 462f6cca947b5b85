// tf.nn.rnnCell, in the default graph where no graph is given: see @org/layers for what they do.
import { rnnCell } from "@org/layers";
import { liftClass } from "./default-graph.ts";

export const BasicLSTMCell: typeof rnnCell.BasicLSTMCell = /* @__PURE__ */ liftClass(rnnCell.BasicLSTMCell);
export type BasicLSTMCell = rnnCell.BasicLSTMCell;
export const BasicRNNCell: typeof rnnCell.BasicRNNCell = /* @__PURE__ */ liftClass(rnnCell.BasicRNNCell);
export type BasicRNNCell = rnnCell.BasicRNNCell;
export const DeviceWrapper: typeof rnnCell.DeviceWrapper = /* @__PURE__ */ liftClass(rnnCell.DeviceWrapper);
export type DeviceWrapper = rnnCell.DeviceWrapper;
export const DropoutWrapper: typeof rnnCell.DropoutWrapper = /* @__PURE__ */ liftClass(
  rnnCell.DropoutWrapper,
);
export type DropoutWrapper = rnnCell.DropoutWrapper;
export const GRUCell: typeof rnnCell.GRUCell = /* @__PURE__ */ liftClass(rnnCell.GRUCell);
export type GRUCell = rnnCell.GRUCell;
export const LSTMCell: typeof rnnCell.LSTMCell = /* @__PURE__ */ liftClass(rnnCell.LSTMCell);
export type LSTMCell = rnnCell.LSTMCell;
export type LSTMStateTuple = rnnCell.LSTMStateTuple;
export const MultiRNNCell: typeof rnnCell.MultiRNNCell = /* @__PURE__ */ liftClass(rnnCell.MultiRNNCell);
export type MultiRNNCell = rnnCell.MultiRNNCell;
export const ResidualWrapper: typeof rnnCell.ResidualWrapper = /* @__PURE__ */ liftClass(
  rnnCell.ResidualWrapper,
);
export type ResidualWrapper = rnnCell.ResidualWrapper;

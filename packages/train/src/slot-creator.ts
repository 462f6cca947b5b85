// Slots: variables that an optimizer keeps beside those that it trains, named after them ("w/Momentum") and placed with
// them. Source: python/training/slot_creator.py of TensorFlow 1.15.
import type { Graph, Operation, Tensor } from "@org/graph";
import {
  type AnyVariable,
  type GetVariableOptions,
  getVariable,
  type Initializer,
  shape as shapeOf,
  variableScope,
  zeros,
  zerosInitializer,
} from "@org/ops";
import type { DType, Shape } from "@org/tensor";
import { isVariable, SaveSliceInfo } from "@org/variables";

/** What a slot belongs to: a variable, or (for moving averages) a tensor. */
export type Primary = AnyVariable | Tensor;

interface SlotOptions {
  /** Default true. */
  readonly colocateWithPrimary?: boolean;
}

function createSlotVariable(
  primary: Primary,
  name: string,
  options: GetVariableOptions,
  { colocateWithPrimary = true }: SlotOptions,
): AnyVariable {
  const { graph, op }: { graph: Graph; op: Operation } = primary;
  const resource = isVariable(primary) ? { useResource: primary.isResource } : {};
  return variableScope(
    null,
    () => {
      // The empty name ends the variable's own with "/", which re-enters the scope: the slot is named like it.
      const make = (): AnyVariable => getVariable("", { graph, trainable: false, ...resource, ...options });
      const slot = colocateWithPrimary ? graph.colocateWith(op, make) : make();
      const slice = isVariable(primary) ? primary.saveSliceInfo : undefined;
      if (slice) {
        const own = slot.name.slice(op.name.length + 1).replace(/:0$/, "");
        slot.saveSliceInfo = new SaveSliceInfo({ ...slice, fullName: `${slice.fullName}/${own}` });
      }
      return slot;
    },
    { graph, defaultName: `${op.name}/${name}` },
  );
}

/** A slot that starts as `value`. */
export function createSlot(
  primary: Primary,
  value: Tensor,
  name: string,
  options: SlotOptions = {},
): AnyVariable {
  const validateShape = value.shape.isFullyDefined();
  return createSlotVariable(primary, name, { initializer: value, validateShape }, options);
}

/** A slot of a given shape and type that an initializer makes. */
export function createSlotWithInitializer(
  primary: Primary,
  initializer: Initializer,
  shape: Shape,
  dtype: DType,
  name: string,
  options: SlotOptions = {},
): AnyVariable {
  const validateShape = shape.isFullyDefined();
  return createSlotVariable(primary, name, { initializer, shape, dtype, validateShape }, options);
}

/** A slot of zeros, shaped like its primary. */
export function createZerosSlot(
  primary: Primary,
  name: string,
  options: SlotOptions & { readonly dtype?: DType } = {},
): AnyVariable {
  const { dtype = primary.dtype } = options;
  if (primary.shape.isFullyDefined())
    return createSlotWithInitializer(primary, zerosInitializer(), primary.shape, dtype, name, options);
  const dims = shapeOf(isVariable(primary) ? primary.initializedValue() : primary);
  return createSlot(primary, zeros(dims, dtype), name, options);
}

// Where a run that fails says something else here than in TensorFlow 1.15.5, on purpose.
import type { TfError } from "@org/tf";

export interface Kept {
  /** Why it is not TensorFlow's. */
  readonly because: string;
  readonly code?: TfError["code"];
  readonly sentence?: string;
  /** Which node has it here; null: none is named. */
  readonly node?: string | null;
  /** What the good run gives. */
  readonly value?: readonly number[];
}

const internal =
  "TensorFlow calls it INTERNAL and an unexpected error: its table of sentences knows Div and Mod alone";
const counted = "TensorFlow numbers TensorArrays through all sessions of a process";
const coordinates = "kernels learn the number of a row, and not the coordinates that it was made of";
const whole =
  "TensorFlow's kernel has written the rows before the bad one: here a run that fails leaves the value whole";

export const kept: Readonly<Record<string, Kept>> = {
  sparse_softmax_label: {
    because: "TensorFlow lists all labels of the batch after it; the kernel tells the first bad one",
    sentence: "Received a label value of 3 which is outside the valid range of [0, 3).",
  },
  gather_nd: { because: coordinates, sentence: "indices[0] does not index into param shape" },
  scatter_nd: { because: coordinates, sentence: "indices[0] does not index into shape" },
  truncate_div_zero: { because: internal, code: "INVALID_ARGUMENT", sentence: "Integer division by zero" },
  mod_zero: { because: internal, code: "INVALID_ARGUMENT", sentence: "Integer division by zero" },
  restore: {
    because:
      "TensorFlow says this where the folder is there; where it is not either, what its search for files says of that: a file system here need have no folders",
    code: "NOT_FOUND",
    sentence:
      "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for no/such/checkpoint",
  },
  tan_of_integers: {
    because:
      "TensorFlow's CPU has no kernel for it either; what it says is of the compiler that it tries instead",
    sentence: "No OpKernel was registered to support Op 'Tan' with inputs of these types: [int32]",
  },
  fetch_fed_dead: {
    because: "the place among what the caller fetches; TensorFlow's is among what the runtime was asked for",
    sentence: "Retval[1] does not have value",
  },
  uninitialized_resource: {
    because:
      "one sentence for both kinds of variables: TensorFlow's tells of its containers, which are not here",
    sentence: "Attempting to use uninitialized value v",
  },
  scatter_update: { because: whole, value: [1, 2, 3] },
  scatter_add_resource: { because: whole, value: [1, 2, 3] },
  tensor_array_index: {
    because: counted,
    sentence: "TensorArray TensorArray: Tried to write to index 2 but array is not resizeable and size is: 2",
  },
  tensor_array_unwritten: {
    because: counted,
    sentence:
      "TensorArray TensorArray: Could not read from TensorArray index 0.  Furthermore, the element shape is not fully defined: <unknown>.  It is possible you are working with a resizeable TensorArray and stop_gradients is not allowing the gradients to be written.  If you set the full element_shape property on the forward TensorArray, the proper all-zeros tensor will be returned instead of incurring this error.",
  },
};

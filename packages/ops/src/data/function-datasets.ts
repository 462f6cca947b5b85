// Data sets made of others by functions of the graph: mapped, filtered, flattened, interleaved. A function gets an element and what it has
// captured. Calls that TensorFlow makes side by side come one after another here: the elements and their order are the same.
// Source: core/kernels/data/{map,parallel_map,filter,flat_map,interleave}_dataset_op.cc, captured_function.cc.
import { isTfError, TfError } from "@org/errors";
import type { NdArray } from "@org/tensor";
import type { FunctionCall, HostContext } from "../op-entry.ts";
import { type DataElement, type DataIterator, type Dataset, datasetOf } from "./dataset.ts";
import type { Iteration } from "./iteration.ts";

type Structure = Pick<Dataset, "dtypes" | "shapes">;

/** A function of the graph with what it has captured. */
export interface Captured {
  readonly call: FunctionCall;
  readonly captured: readonly NdArray[];
}

const run = async ({ call, captured }: Captured, element: DataElement, iteration: Iteration) =>
  call([...element, ...captured], iteration.signal);

/** Each element as `f` gives it back. OUT_OF_RANGE of `f` ends the data set, unless it keeps its number of elements. */
export function mapDataset(
  input: Dataset,
  f: Captured,
  structure: Structure,
  preserveCardinality: boolean,
): Dataset {
  return {
    type: "MapDataset",
    ...structure,
    iterate: (iteration, place) => {
      const own = input.iterate(iteration, `${place}::Map`);
      return {
        next: async () => {
          const element = await own.next();
          if (!element) return undefined;
          try {
            return await run(f, element, iteration);
          } catch (error) {
            if (!isTfError(error) || error.code !== "OUT_OF_RANGE") throw error;
            if (!preserveCardinality) return undefined;
            throw new TfError(
              "INVALID_ARGUMENT",
              `Function invocation produced OutOfRangeError: ${error.message}`,
              { cause: error },
            );
          }
        },
        close: () => own.close(),
      };
    },
    rebuilt: (replace) => mapDataset(replace(input), f, structure, preserveCardinality),
  };
}

/** The elements for which `predicate` gives true. */
export function filterDataset(input: Dataset, predicate: Captured): Dataset {
  const { dtypes, shapes } = input;
  return {
    type: "FilterDataset",
    dtypes,
    shapes,
    iterate: (iteration, place) => {
      const own = input.iterate(iteration, `${place}::Filter`);
      return {
        next: async () => {
          for (;;) {
            const element = await own.next();
            if (!element) return undefined;
            const result = await run(predicate, element, iteration);
            const [answer] = result;
            if (result.length !== 1 || answer!.dtype !== "bool" || answer!.data.length !== 1)
              throw new TfError("INVALID_ARGUMENT", "Filter predicate `f` must return a scalar bool.");
            if ((answer!.data as Uint8Array)[0]) return element;
          }
        },
        close: () => own.close(),
      };
    },
    rebuilt: (replace) => filterDataset(replace(input), predicate),
  };
}

/** Makes the iterator of the data set that a function gives for an element. */
async function inner(
  f: Captured,
  element: DataElement,
  iteration: Iteration,
  place: string,
): Promise<DataIterator> {
  const result = await run(f, element, iteration);
  const fail: HostContext["fail"] = (code, sentence) => {
    throw new TfError(code, sentence);
  };
  if (result.length !== 1)
    fail("INVALID_ARGUMENT", "Function must return a single scalar of dtype DT_VARIANT.");
  return datasetOf({ fail }, result[0]!).iterate(iteration, place);
}

/** The elements of the data sets that `f` gives, one data set after the other. */
export function flatMapDataset(input: Dataset, f: Captured, structure: Structure): Dataset {
  return {
    type: "FlatMapDataset",
    ...structure,
    iterate: (iteration, place) => {
      const own = input.iterate(iteration, `${place}::FlatMap`);
      let current: DataIterator | undefined;
      let number = 0;
      return {
        next: async () => {
          for (;;) {
            if (!current) {
              const element = await own.next();
              if (!element) return undefined;
              current = await inner(f, element, iteration, `${place}::FlatMap[${number++}]`);
            }
            const found = await current.next();
            if (found) return found;
            await current.close();
            current = undefined;
          }
        },
        close: async () => {
          await current?.close();
          await own.close();
        },
      };
    },
    rebuilt: (replace) => flatMapDataset(replace(input), f, structure),
  };
}

/** The same of `cycle` data sets in turn, `block` elements of each at a time. */
export function interleaveDataset(
  input: Dataset,
  f: Captured,
  cycle: number,
  block: number,
  structure: Structure,
): Dataset {
  return {
    type: "InterleaveDataset",
    ...structure,
    iterate: (iteration, place) => {
      const own = input.iterate(iteration, `${place}::Interleave`);
      const open = new Map<number, DataIterator>();
      let [at, taken, number] = [0, 0, 0];
      let ended = false;
      const advance = (): void => {
        at = (at + 1) % cycle;
        taken = 0;
      };
      return {
        next: async () => {
          while (!ended || open.size > 0) {
            const current = open.get(at);
            if (current) {
              const found = await current.next();
              if (found) {
                if (++taken === block) advance();
                return found;
              }
              open.delete(at);
              await current.close();
              advance();
            } else if (ended) {
              // Only those that are open matter now: `cycle` may be as large as it likes.
              const later = [...open.keys()].filter((index) => index > at);
              at = Math.min(...(later.length > 0 ? later : open.keys()));
              taken = 0;
            } else {
              const element = await own.next();
              if (element)
                open.set(at, await inner(f, element, iteration, `${place}::Interleave[${number++}]`));
              else ended = true;
            }
          }
          return undefined;
        },
        close: async () => {
          for (const one of open.values()) await one.close();
          await own.close();
        },
      };
    },
    rebuilt: (replace) => interleaveDataset(replace(input), f, cycle, block, structure),
  };
}

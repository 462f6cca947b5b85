// Tables of words that a kernel reads: copied into scratch memory for each launch, so that an executable holds no memory.
import type { Refusal } from "@org/hlo";
import type { Prepared, Preparing, Workshop } from "./prepared.ts";

/** Prepares with `make`, which is given a function that says where the tables lie during a launch. */
export function withTables(
  { memory }: Workshop,
  tables: Int32Array,
  make: (address: () => number) => Preparing,
): Preparing {
  let address = 0;
  const finish = (prepared: Prepared | Refusal): Prepared | Refusal =>
    "refused" in prepared
      ? prepared
      : {
          ...prepared,
          run: (inputs, outputs) => {
            const scratch = memory.allocateScratch(tables.byteLength);
            address = scratch.address;
            memory.words.set(tables, address / 4);
            prepared.run(inputs, outputs);
            memory.freeScratch(scratch);
          },
        };
  const prepared = make(() => address);
  return prepared instanceof Promise ? prepared.then(finish) : finish(prepared);
}

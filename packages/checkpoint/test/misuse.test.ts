// Values and parts that make no sense, at the door.
import { openCheckpoint, writeCheckpoint } from "@org/checkpoint";
import { memoryFileSystem } from "@org/io";
import { convertToNdArray } from "@org/tensor";
import { expect, it } from "vitest";

it("writes nothing but NdArrays, under names", async () => {
  const fs = memoryFileSystem();
  for (const value of [5, [1, 2], null, undefined, "x", { dtype: "float", shape: [], data: [] }])
    await expect(writeCheckpoint("model", { a: value as never }, { fs })).rejects.toThrow(
      new TypeError('The value of "a" is no NdArray: convertToNdArray makes one of numbers and lists'),
    );
  await expect(writeCheckpoint("model", { "": convertToNdArray(1) }, { fs })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    sentence: "A tensor in a checkpoint needs a name.",
  });
  expect(await fs.list(".")).toEqual([]);
});

it.each([
  [Number.NaN, 1],
  [0.5, 1.5],
  [0, Number.NaN],
  [-1, 1],
  [0, -2],
  [0, Number.POSITIVE_INFINITY],
])("reads no part from %f on of length %f", async (start, length) => {
  const fs = memoryFileSystem();
  await writeCheckpoint("model", { a: convertToNdArray([1, 2, 3]) }, { fs });
  const reader = await openCheckpoint("model", { fs });
  await expect(reader.get("a", { slice: { starts: [start], lengths: [length] } })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    sentence: expect.stringContaining("Extent in dimension 0 out of bounds: shape = [3]"),
  });
  await reader.close();
});

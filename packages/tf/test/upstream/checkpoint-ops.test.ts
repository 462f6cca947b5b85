// Ported by understanding from TensorFlow's two files checkpoint_ops_test.py: kernel_tests' for the ops, training's for the initializers.
import { memoryFileSystem } from "@org/io";
import { generateVocabRemapping, loadAndRemapMatrix, type RemapMatrixOptions } from "@org/ops";
import { beforeEach, describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

beforeEach(() => tf.resetDefaultGraph());

const lines = (...words: string[]) => `${words.join("\n")}\n`;
const filled = (rows: number, columns: number, value: (row: number, column: number) => number) =>
  Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => value(row, column)),
  );

/** Builds in the default graph and evaluates. */
async function evaluate<T extends readonly tf.Tensor[]>(
  fs: ReturnType<typeof memoryFileSystem>,
  build: () => T,
): Promise<unknown[]> {
  const tensors = tf.getDefaultGraph().asDefault(build);
  const session = new tf.Session({ backends: ["evaluator"], fs });
  const values = (await session.run(tensors)) as readonly tf.NdArray[];
  return values.map((value) => tf.toArray(value));
}

describe("GenerateVocabRemappingTest", () => {
  const fs = memoryFileSystem({
    shifted: lines("MISSING", "knitting", "eminem"),
    keywords: lines("knitting", "eminem", "MISSING"),
  });
  const remap = (file: string, numNewVocab: number, newVocabOffset: number, oldVocabSize?: number) =>
    evaluate(fs, () => {
      const options = { numNewVocab, newVocabOffset, oldVocabSize };
      const { remapping, numPresent } = generateVocabRemapping(file, "keywords", options);
      return [remapping, numPresent];
    });

  test("[checkpoint_ops_test/GenerateVocabRemappingTest.test_generate_remapping_with_no_vocab_changes] the same vocabulary maps each word to itself", async () => {
    expect(await remap("keywords", 3, 0)).toEqual([[0n, 1n, 2n], 3]);
  });

  test("[checkpoint_ops_test/GenerateVocabRemappingTest.test_generate_remapping_with_shifted_vocab] words in another order are found", async () => {
    expect(await remap("shifted", 3, 0)).toEqual([[2n, 0n, 1n], 3]);
  });

  test("[checkpoint_ops_test/GenerateVocabRemappingTest.test_generate_remapping_with_offset] one word from the second line on", async () => {
    expect(await remap("shifted", 1, 1)).toEqual([[0n], 1]);
  });

  test("[checkpoint_ops_test/GenerateVocabRemappingTest.test_generate_remapping_with_old_vocab_size] words behind the old size are not there", async () => {
    expect(await remap("shifted", 3, 0, 2)).toEqual([[-1n, 0n, 1n], 2]);
  });
});

/** Saves a matrix under `name` at "ckpt" and forgets the graph. */
async function savedMatrix(
  name: string,
  value: number[][],
  partitioner?: ReturnType<typeof tf.fixedSizePartitioner>,
) {
  const fs = memoryFileSystem();
  const initializer = tf.constant(value, "float32");
  const matrix = partitioner
    ? tf.getVariable(name, { initializer, partitioner })
    : tf.getVariable(name, { initializer });
  const session = new tf.Session({ backends: ["evaluator"], fs });
  await session.run([], { targets: [tf.globalVariablesInitializer()] });
  await new tf.train.Saver([matrix]).save(session, "ckpt");
  tf.resetDefaultGraph();
  return fs;
}

describe("LoadAndRemapMatrixTest", () => {
  const [rows, columns] = [5, 16];
  const value = filled(rows, columns, (row, column) => row * columns + column);
  const load = async (
    options: Partial<RemapMatrixOptions> & { rowRemapping: number[]; colRemapping: number[] },
  ) => {
    const fs = await savedMatrix("some_scope/matrix", value);
    const numCols = options.colRemapping.length || columns;
    const [matrix] = await evaluate(fs, () => [
      loadAndRemapMatrix({
        ckptPath: ["ckpt"],
        oldTensorName: "some_scope/matrix",
        initializingValues: [],
        numRows: options.rowRemapping.length,
        numCols,
        ...options,
      }),
    ]);
    return matrix;
  };
  const all = [0, 1, 2, 3, 4];

  test("[checkpoint_ops_test/LoadAndRemapMatrixTest.test_load_and_remap_no_missing] rows, columns, and both in another order", async () => {
    expect(await load({ rowRemapping: [1, 0], colRemapping: [] })).toEqual([value[1], value[0]]);
    expect(await load({ rowRemapping: all, colRemapping: [2, 0] })).toEqual(
      value.map((row) => [row[2], row[0]]),
    );
    expect(await load({ rowRemapping: [1, 0, 4], colRemapping: [1, 15] })).toEqual(
      [1, 0, 4].map((row) => [value[row]![1], value[row]![15]]),
    );
  });

  test("[checkpoint_ops_test/LoadAndRemapMatrixTest.test_load_and_remap_with_init] what is missing comes from the initial values, in order", async () => {
    const options = { rowRemapping: [2, -1, 0], colRemapping: [1, -1], initializingValues: [42, 43, 44, 45] };
    expect(await load(options)).toEqual([
      [33, 42],
      [43, 44],
      [1, 45],
    ]);
  });

  test("[checkpoint_ops_test/LoadAndRemapMatrixTest.test_load_and_remap_all_missing_rows] nothing but initial values", async () => {
    const initializingValues = new Float32Array(7 * columns).fill(42);
    const rowRemapping = new Array(7).fill(-1);
    expect(await load({ rowRemapping, colRemapping: [], initializingValues })).toEqual(
      filled(7, columns, () => 42),
    );
  });

  test("[checkpoint_ops_test/LoadAndRemapMatrixTest.test_load_and_remap_all_missing_rows_and_cols] the same with columns that are missing, too", async () => {
    const initializingValues = new Float32Array(7 * 4).fill(42);
    const [rowRemapping, colRemapping] = [new Array(7).fill(-1), new Array(4).fill(-1)];
    expect(await load({ rowRemapping, colRemapping, initializingValues })).toEqual(filled(7, 4, () => 42));
  });

  test("[checkpoint_ops_test/LoadAndRemapMatrixTest.test_load_and_remap_invalid_remapping] an old row or column cannot go to two places", async () => {
    const invalid = [1, 0, 0, 0, 1, 2];
    const expected = {
      code: "UNIMPLEMENTED",
      sentence: "Old ID 0 is mapped to both new ID 1 and 2, which is not supported.",
    };
    await expect(load({ rowRemapping: invalid, colRemapping: [] })).rejects.toMatchObject(expected);
    await expect(load({ rowRemapping: all, colRemapping: invalid })).rejects.toMatchObject(expected);
  });

  test("[checkpoint_ops_test/LoadAndRemapMatrixTest.test_load_and_remap_incorrect_initializing_values] too few or too many initial values are refused", async () => {
    const options = { rowRemapping: [2, -1, 0], colRemapping: [1, -1] };
    await expect(load({ ...options, initializingValues: [] })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence: "initializing_values contained 0 elements, but more missing values remain.",
    });
    await expect(load({ ...options, initializingValues: [0, 0, 0, 0, 0] })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence:
        "initializing_values contained 5 elements, but only 4 elements were used to fill in missing values.",
    });
  });
});

describe("LoadAndRemapMatrixWithMaxRowsTest", () => {
  const three = tf.fixedSizePartitioner(3);
  for (const [name, rows, columns, maxRowsInMemory, partitioner, what] of [
    ["test_loading_rows_divisible_by_max_rows", 9, 4, 3, undefined, "nine rows three by three"],
    ["test_loading_rows_not_divisible_by_max_rows", 9, 4, 4, undefined, "nine rows four by four"],
    ["test_loading_rows_less_than_max_rows", 9, 4, 10, undefined, "fewer rows than may be held"],
    ["test_loading_no_max_rows", 6, 3, -1, undefined, "all rows at once"],
    ["test_loading_partitions_equals_max_rows", 9, 4, 3, three, "slice by slice"],
    ["test_loading_partitions_greater_than_max_rows", 9, 4, 1, three, "row by row of slices"],
    ["test_loading_partitions_less_than_max_rows", 9, 4, 10, three, "all slices in one"],
    ["test_loading_partitions_no_max_rows", 9, 4, -1, three, "all slices, no limit"],
  ] as const)
    test(`[checkpoint_ops_test/LoadAndRemapMatrixWithMaxRowsTest.${name}] ${what}`, async () => {
      const value = filled(rows, columns, (row, column) => row * columns + column);
      const fs = await savedMatrix("matrix", value, partitioner);
      const load = (rowRemapping: number[], missing: number) =>
        loadAndRemapMatrix({
          ckptPath: "ckpt",
          oldTensorName: "matrix",
          rowRemapping,
          colRemapping: [],
          initializingValues: new Float32Array(missing * columns).fill(42),
          numRows: rowRemapping.length,
          numCols: columns,
          maxRowsInMemory,
        });
      const inner = Array.from({ length: rows - 2 }, (_, i) => i + 1);
      const reversed = Array.from({ length: rows }, (_, i) => rows - 1 - i);
      const [whole, framed, none] = await evaluate(fs, () => [
        load(reversed, 0),
        load([-1, -1, ...inner, -1, -1, -1], 5),
        load(new Array(7).fill(-1), 7),
      ]);
      const initial = (count: number) => filled(count, columns, () => 42);
      expect(whole).toEqual([...value].reverse());
      expect(framed).toEqual([...initial(2), ...value.slice(1, -1), ...initial(3)]);
      expect(none).toEqual(initial(7));
    });
});

describe("LoadAndRemapWrappersTest", () => {
  const initial = 42;
  const initializer = (shape: readonly number[]) => tf.tile(tf.constant([[initial]], "float32"), shape);
  const features = { newRowVocabFile: "new_feature", oldRowVocabFile: "old_feature" };
  const classes = { newColVocabFile: "new_class", oldColVocabFile: "old_class", newColVocabSize: 4 };
  const embedding = {
    newVocabFile: "new_feature",
    oldVocabFile: "old_feature",
    embeddingDim: 16,
    embeddingTensorName: "some_scope/embeddings",
    ckptPath: ["model-5"],
  };
  const matrix = { oldTensorName: "some_scope/embeddings", ckptPath: ["model-5"], newRowVocabSize: 5 };

  /** The checkpoint, 0 to 79 in [5, 16], and the vocabularies. */
  async function files(more: Record<string, string> = {}) {
    const fs = memoryFileSystem({
      new_feature: lines("zero", "one", "two", "three", "four"),
      old_feature: lines("zero", "one", "two", "three"),
      new_class: lines("MISSING", "knitting", "flask", "eminem"),
      old_class: lines("knitting", "eminem", "MISSING"),
      ...more,
    });
    const values = tf.constantInitializer(Array.from({ length: 80 }, (_, i) => i));
    tf.variableScope("some_scope", () => tf.getVariable("embeddings", [5, 16], { initializer: values }));
    const session = new tf.Session({ backends: ["evaluator"], fs });
    await session.run([], { targets: [tf.globalVariablesInitializer()] });
    await new tf.train.Saver().save(session, "model", { globalStep: 5 });
    tf.resetDefaultGraph();
    return fs;
  }
  type Initializer = ReturnType<typeof tf.train.loadAndRemapMatrixInitializer>;
  /** The value of a variable in two parts that `make` initializes. */
  async function loaded(shape: number[], make: () => Initializer, more: Record<string, string> = {}) {
    const fs = await files(more);
    const variable = tf.getVariable("scope/obtained", shape, {
      initializer: make(),
      partitioner: tf.fixedSizePartitioner(2),
    });
    const whole = variable.asTensor();
    const session = new tf.Session({ backends: ["evaluator"], fs });
    await session.run([], { targets: [tf.globalVariablesInitializer()] });
    return tf.toArray(await session.run(whole));
  }
  /** Rows of these columns. */
  const fromColumns = (...columns: number[][]) =>
    columns[0]!.map((_, row) => columns.map((column) => column[row]));
  const rest = (count: number, value = initial) => new Array<number>(count).fill(value);
  const steps = (from: number, to: number) =>
    Array.from({ length: (to - from) / 16 }, (_, i) => from + 16 * i);

  test("[checkpoint_ops_test/LoadAndRemapWrappersTest.test_load_and_remap_matrix] rows from the second word on, a bucket each way", async () => {
    const fs = await files();
    const make = tf.train.loadAndRemapMatrixInitializer({
      ...matrix,
      ...features,
      ...classes,
      initializer,
      numRowOovBuckets: 1,
      numColOovBuckets: 1,
    });
    const { PartitionInfo } = await import("@org/ops");
    const [value] = await evaluate(fs, () => [make([5, 5], "float32", new PartitionInfo([6, 5], [1, 0]))]);
    expect(value).toEqual(
      fromColumns([18, 34, 50, 42, 42], [16, 32, 48, 42, 42], rest(5), [17, 33, 49, 42, 42], rest(5)),
    );
  });

  test("[checkpoint_ops_test/LoadAndRemapWrappersTest.test_load_and_remap_output_layer_weight_initializer_linear] a linear model's weights by features and classes", async () => {
    const make = () =>
      tf.train.loadAndRemapMatrixInitializer({
        ...matrix,
        ...features,
        ...classes,
        initializer,
        numRowOovBuckets: 1,
        numColOovBuckets: 1,
      });
    expect(await loaded([6, 5], make)).toEqual(
      fromColumns(
        [...steps(2, 66), 42, 42],
        [...steps(0, 64), 42, 42],
        rest(6),
        [...steps(1, 65), 42, 42],
        rest(6),
      ),
    );
  });

  test("[checkpoint_ops_test/LoadAndRemapWrappersTest.test_load_and_remap_output_layer_weight_initializer_dnn_output] an output layer's weights by classes alone", async () => {
    const make = () =>
      tf.train.loadAndRemapMatrixInitializer({ ...matrix, ...classes, initializer, numColOovBuckets: 1 });
    expect(await loaded([5, 5], make)).toEqual(
      fromColumns(steps(2, 82), steps(0, 80), rest(5), steps(1, 81), rest(5)),
    );
  });

  test("[checkpoint_ops_test/LoadAndRemapWrappersTest.test_initializer_with_oov_only_partition] a part of nothing but buckets", async () => {
    const make = () =>
      tf.train.loadAndRemapMatrixInitializer({
        ...matrix,
        ...features,
        ...classes,
        initializer,
        numRowOovBuckets: 5,
        numColOovBuckets: 1,
      });
    expect(await loaded([10, 5], make)).toEqual(
      fromColumns(
        [...steps(2, 66), ...rest(6)],
        [...steps(0, 64), ...rest(6)],
        rest(10),
        [...steps(1, 65), ...rest(6)],
        rest(10),
      ),
    );
  });

  test("[checkpoint_ops_test/LoadAndRemapWrappersTest.test_load_and_remap_linear_multiclass_initializer_default_init] zeros where no initializer is given", async () => {
    const make = () =>
      tf.train.loadAndRemapMatrixInitializer({
        ...matrix,
        ...features,
        ...classes,
        numRowOovBuckets: 1,
        numColOovBuckets: 1,
      });
    expect(await loaded([6, 5], make)).toEqual(
      fromColumns(
        [...steps(2, 66), 0, 0],
        [...steps(0, 64), 0, 0],
        rest(6, 0),
        [...steps(1, 65), 0, 0],
        rest(6, 0),
      ),
    );
  });

  const numbered = (from: number, to: number) =>
    filled((to - from) / 16, 16, (row, column) => from + row * 16 + column);
  const fresh = (rows: number) => filled(rows, 16, () => initial);

  test("[checkpoint_ops_test/LoadAndRemapWrappersTest.test_load_embedding_initializer] embeddings, the new word and the bucket new", async () => {
    const make = () =>
      tf.train.loadEmbeddingInitializer({ ...embedding, newVocabSize: 5, numOovBuckets: 1, initializer });
    expect(await loaded([6, 16], make)).toEqual([...numbered(0, 64), ...fresh(2)]);
  });

  test("[checkpoint_ops_test/LoadAndRemapWrappersTest.test_load_embedding_initializer_large_oov] more buckets than words", async () => {
    const make = () =>
      tf.train.loadEmbeddingInitializer({ ...embedding, newVocabSize: 4, numOovBuckets: 5, initializer });
    const vocabularies = {
      new_feature: lines("one", "zero", "two", "four"),
      old_feature: lines("zero", "one"),
    };
    expect(await loaded([9, 16], make, vocabularies)).toEqual([
      ...numbered(16, 32),
      ...numbered(0, 16),
      ...fresh(7),
    ]);
  });

  test("[checkpoint_ops_test/LoadAndRemapWrappersTest.test_load_embedding_initializer_old_row_vocab] an old vocabulary of its first three words", async () => {
    const make = () =>
      tf.train.loadEmbeddingInitializer({
        ...embedding,
        oldVocabSize: 3,
        newVocabSize: 5,
        numOovBuckets: 1,
        initializer,
      });
    expect(await loaded([6, 16], make)).toEqual([...numbered(0, 48), ...fresh(3)]);
  });
});

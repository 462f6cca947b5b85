// Ported by understanding from TensorFlow's warm_starting_util_test.py, through initFromCheckpoint and warmStart. Where upstream makes
// variables by feature columns, they are made here under the names and shapes that the columns give them.
import { writeCheckpoint } from "@org/checkpoint";
import { memoryFileSystem } from "@org/io";
import { encode, TrackableObjectGraph } from "@org/proto";
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";

const { VocabInfo } = tf.train;
type Files = ReturnType<typeof memoryFileSystem>;
type Initializer = ReturnType<typeof tf.zerosInitializer> | number[][];
type Partitioner = ReturnType<typeof tf.fixedSizePartitioner>;
type Whole = ReturnType<typeof whole>;
type Cut = ReturnType<typeof cut>;
type Made = Whole | Cut;

const two: Partitioner = (shape) => shape.toNumbers().map((dim, i) => (i === 0 ? Math.min(2, dim) : 1));
const one: Partitioner = (shape) => shape.toNumbers().map(() => 1);
const column = (...values: number[]) => values.map((value) => [value]);
const zeros = (rows: number, columns = 1) =>
  Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
const ones = (rows: number) => column(...new Array<number>(rows).fill(1));
const random = tf.randomUniformInitializer();
const normal = tf.truncatedNormalInitializer();

function cut(name: string, shape: number[], initializer: Initializer, partitioner = two) {
  return tf.getVariable(name, shape, { initializer, partitioner });
}
const whole = (name: string, initializer: Initializer, shape?: number[]) =>
  shape ? tf.getVariable(name, shape, { initializer }) : tf.getVariable(name, { initializer });

/** A session over a new default graph. */
async function inGraph<R>(fs: Files, body: (session: tf.Session) => Promise<R>): Promise<R> {
  tf.resetDefaultGraph();
  const session = new tf.Session({ backends: ["evaluator"], fs });
  const result = await body(session);
  await session.close();
  return result;
}
const initialize = (session: tf.Session) => session.run([], { targets: [tf.globalVariablesInitializer()] });
/** A variable's value, or the values of its parts. */
async function readOut(session: tf.Session, variable: Made): Promise<unknown> {
  if (!("variables" in variable)) return tf.toArray(await session.run(variable));
  const parts = (await session.run(variable.variables)) as tf.NdArray[];
  return parts.map((part) => tf.toArray(part));
}
const close = (actual: unknown, expected: unknown) => {
  const flat = (value: unknown) => [value].flat(9) as number[];
  expect(flat(actual)).toHaveLength(flat(expected).length);
  for (const [i, x] of flat(actual).entries()) expect(x).toBeCloseTo(flat(expected)[i]!, 5);
};

/** The run before: its variables are saved at "d/model-0". Yields their values. */
async function before(make: () => Record<string, Made>, files: Record<string, string> = {}) {
  const fs = memoryFileSystem(files);
  await fs.makeDirectory("d");
  const values = await inGraph(fs, async (session) => {
    const variables = make();
    await initialize(session);
    await new tf.train.Saver().save(session, "d/model", { globalStep: 0 });
    const result: Record<string, unknown> = {};
    for (const [name, variable] of Object.entries(variables)) result[name] = await readOut(session, variable);
    return result;
  });
  return { fs, values };
}

/** The run after: variables, `start`, their initializers, their values. */
async function after<N extends string>(
  fs: Files,
  make: () => Record<N, Made>,
  start: (variables: Record<N, Made>) => Promise<unknown> = async () => {},
): Promise<Record<N, unknown>> {
  return inGraph(fs, async (session) => {
    const variables = make();
    await start(variables);
    await initialize(session);
    const result: Record<string, unknown> = {};
    for (const [name, variable] of Object.entries<Made>(variables))
      result[name] = await readOut(session, variable);
    return result as Record<N, unknown>;
  });
}

const warm = (fs: Files, options: Parameters<typeof tf.train.warmStart>[1] = {}) =>
  tf.train.warmStart("d", { fs, ...options });
const words = (...all: string[]) => `${all.join("\n")}\n`;
const fruit = words("apple", "banana", "guava", "orange");
const reversedFruit = words("orange", "guava", "banana", "apple", "raspberry");
const start = column(0.5, 1, 1.5, 2);

// ---- one variable, without vocabulary

const load = (fs: Files, map: Parameters<typeof tf.train.initFromCheckpoint>[1]) =>
  tf.train.initFromCheckpoint("d", map, { fs });

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVar] a variable starts from that of its name", async () => {
  const { fs, values } = await before(() => ({ v: whole("fruit_weights", start) }));
  const make = () => ({ v: whole("fruit_weights", zeros(4)) });
  expect((await after(fs, make, ({ v }) => load(fs, { fruit_weights: v }))).v).toEqual(values.v);
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVarPrevVarPartitioned] the old variable was cut", async () => {
  const { fs, values } = await before(() => ({ v: cut("fruit_weights", [4, 1], start) }));
  const make = () => ({ v: whole("fruit_weights", zeros(4)) });
  const { v } = await after(fs, make, (made) => load(fs, { fruit_weights: made.v }));
  expect(v).toEqual((values.v as number[][][]).flat());
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVarCurrentVarPartitioned] the new variable is cut", async () => {
  const { fs, values } = await before(() => ({ v: whole("fruit_weights", start) }));
  const make = () => ({ v: cut("fruit_weights", [4, 1], zeros(4)) });
  const { v } = await after(fs, make, (made) => load(fs, { fruit_weights: made.v }));
  expect((v as number[][][]).flat()).toEqual(values.v);
  expect(v).toHaveLength(2);
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVarBothVarsPartitioned] both are cut, and it is called otherwise now", async () => {
  const { fs, values } = await before(() => ({ v: cut("old_scope/fruit_weights", [4, 1], start) }));
  const make = () => ({ v: cut("new_scope/fruit_weights", [4, 1], zeros(4)) });
  const { v } = await after(fs, make, (made) => load(fs, { "old_scope/fruit_weights": made.v }));
  expect(v).toEqual(values.v);
});

// ---- one variable behind a vocabulary

const rowsInfo = (newVocabSize: number, more: object = {}) =>
  new VocabInfo({ newVocab: "new_vocab", newVocabSize, numOovBuckets: 0, oldVocab: "old_vocab", ...more });
const byWord = (fs: Files, name: string, info: InstanceType<typeof VocabInfo>) => () =>
  warm(fs, { varsToWarmStart: null, varNameToVocabInfo: { [name]: info } });
const fruits = { old_vocab: fruit, new_vocab: reversedFruit };
const columnWords = { old_vocab: words("apple", "orange"), new_vocab: words("orange", "apple", "banana") };
const output = [
  [0.5, 0.3],
  [1, 0.8],
  [1.5, 1.2],
  [2, 2.3],
];
const outputByWord = [
  [0.3, 0.5, 0],
  [0.8, 1, 0],
  [1.2, 1.5, 0],
  [2.3, 2, 0],
];
const newVariable = { v: column(2, 1.5, 1, 0.5, 0) };

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVarWithVocab] rows go by word", async () => {
  const { fs } = await before(() => ({ v: whole("fruit_weights", start) }), fruits);
  const make = () => ({ v: whole("fruit_weights", zeros(5)) });
  expect(await after(fs, make, byWord(fs, "fruit_weights", rowsInfo(5)))).toEqual(newVariable);
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVarWithColumnVocab] columns go by word", async () => {
  const { fs } = await before(() => ({ v: whole("fruit_output_layer", output) }), columnWords);
  const make = () => ({ v: whole("fruit_output_layer", zeros(4, 3)) });
  const { v } = await after(fs, make, byWord(fs, "fruit_output_layer", rowsInfo(3, { axis: 1 })));
  close(v, outputByWord);
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVarWithVocabConstrainedOldVocabSize] only the first words of the old vocabulary count", async () => {
  const { fs } = await before(() => ({ v: whole("fruit_weights", start) }), fruits);
  const make = () => ({ v: whole("fruit_weights", zeros(5)) });
  const { v } = await after(fs, make, byWord(fs, "fruit_weights", rowsInfo(5, { oldVocabSize: 2 })));
  expect(v).toEqual(column(0, 0, 1, 0.5, 0));
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVarWithVocabPrevVarPartitioned] rows by word of a variable that was cut", async () => {
  const { fs } = await before(() => ({ v: cut("fruit_weights", [4, 1], start) }), fruits);
  const make = () => ({ v: whole("fruit_weights", zeros(5)) });
  expect(await after(fs, make, byWord(fs, "fruit_weights", rowsInfo(5)))).toEqual(newVariable);
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVarWithColumnVocabPrevVarPartitioned] columns by word of a variable that was cut", async () => {
  const { fs } = await before(() => ({ v: cut("fruit_output_layer", [4, 2], output) }), columnWords);
  const make = () => ({ v: whole("fruit_output_layer", zeros(4, 3)) });
  const { v } = await after(fs, make, byWord(fs, "fruit_output_layer", rowsInfo(3, { axis: 1 })));
  close(v, outputByWord);
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVarWithVocabCurrentVarPartitioned] rows by word into a variable that is cut, with a bucket", async () => {
  const { fs } = await before(() => ({ v: whole("fruit_weights", start) }), fruits);
  const make = () => ({ v: cut("fruit_weights", [6, 1], zeros(6)) });
  const { v } = await after(fs, make, byWord(fs, "fruit_weights", rowsInfo(5, { numOovBuckets: 1 })));
  expect(v).toEqual([column(2, 1.5, 1), column(0.5, 0, 0)]);
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVarWithColumnVocabCurrentVarPartitioned] columns by word into a variable that is cut", async () => {
  const { fs } = await before(() => ({ v: whole("fruit_output_layer", output) }), columnWords);
  const make = () => ({ v: cut("fruit_output_layer", [4, 3], zeros(4, 3)) });
  const { v } = await after(fs, make, byWord(fs, "fruit_output_layer", rowsInfo(3, { axis: 1 })));
  close(v, [outputByWord.slice(0, 2), outputByWord.slice(2)]);
  expect(v).toHaveLength(2);
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVarWithVocabBothVarsPartitioned] rows by word from parts to parts", async () => {
  const files = { ...fruits, new_vocab: `${reversedFruit}blueberry\n` };
  const { fs } = await before(() => ({ v: cut("fruit_weights", [4, 1], start) }), files);
  const make = () => ({ v: cut("fruit_weights", [6, 1], zeros(6)) });
  const { v } = await after(fs, make, byWord(fs, "fruit_weights", rowsInfo(6)));
  expect(v).toEqual([column(2, 1.5, 1), column(0.5, 0, 0)]);
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVarWithColumnVocabBothVarsPartitioned] columns by word from parts to parts", async () => {
  const { fs } = await before(() => ({ v: cut("fruit_output_layer", [4, 2], output) }), columnWords);
  const make = () => ({ v: cut("fruit_output_layer", [4, 3], zeros(4, 3)) });
  const { v } = await after(fs, make, byWord(fs, "fruit_output_layer", rowsInfo(3, { axis: 1 })));
  close(v, [outputByWord.slice(0, 2), outputByWord.slice(2)]);
});

// ---- which variables

const v1 = (initializer: Initializer) => whole("v1", initializer, [10, 1]);

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStart_ListOfVariables] those that are listed", async () => {
  const { fs, values } = await before(() => ({ v: v1(tf.onesInitializer()) }));
  expect(values.v).toEqual(ones(10));
  const make = () => ({ v: v1(tf.zerosInitializer()) });
  const { v } = await after(fs, make, (made) => warm(fs, { varsToWarmStart: [made.v as tf.Variable] }));
  expect(v).toEqual(values.v);
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStart_ListOfStrings] those that are named", async () => {
  const { fs, values } = await before(() => ({ v: v1(tf.onesInitializer()) }));
  const make = () => ({ v: v1(tf.zerosInitializer()) });
  expect((await after(fs, make, () => warm(fs, { varsToWarmStart: ["v1"] }))).v).toEqual(values.v);
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStart_ListOfRegexes] those that expressions match from the start", async () => {
  const make = (initializer: Initializer) => () => ({
    v1: whole("v1", initializer, [10, 1]),
    v1Momentum: whole("v1/Momentum", initializer, [10, 1]),
    v2: whole("v2", initializer, [10, 1]),
    v2Momentum: whole("v2/Momentum", initializer, [10, 1]),
  });
  const { fs, values } = await before(make(tf.onesInitializer()));
  const found = await after(fs, make(tf.zerosInitializer()), () =>
    warm(fs, { varsToWarmStart: ["v1", "v2[^/]"] }),
  );
  expect(found).toEqual({ ...values, v2Momentum: zeros(10) });
});

// ---- models

/** A linear model of one column: cold it starts from zeros, warm from what was. */
async function oneColumn(
  name: string,
  rows: number,
  initializer: Initializer,
  options: Parameters<typeof tf.train.warmStart>[1],
  from = "d",
) {
  const weights = `linear_model/${name}/weights`;
  const { fs, values } = await before(() => ({ weights: whole(weights, initializer, [rows, 1]) }));
  const make = () => ({ weights: cut(weights, [rows, 1], tf.zerosInitializer(), one) });
  expect(await after(fs, make)).toEqual({ weights: [zeros(rows)] });
  expect(await after(fs, make, () => tf.train.warmStart(from, { fs, ...options }))).toEqual({
    weights: [values.weights],
  });
}

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStart_SparseColumnIntegerized] weights of a column of integers", () =>
  oneColumn("sc_int", 10, tf.onesInitializer(), { varsToWarmStart: ".*sc_int.*" }));

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStart_SparseColumnHashed] weights of a hashed column", () =>
  oneColumn("sc_hash", 15, normal, { varsToWarmStart: ".*sc_hash.*" }));

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStart_SparseColumnVocabulary] weights behind a vocabulary that stayed", () =>
  oneColumn("sc_vocab", 4, tf.onesInitializer(), { varsToWarmStart: ".*sc_vocab.*" }));

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStart_ExplicitCheckpointFile] the checkpoint by its prefix", () =>
  oneColumn("sc_vocab", 4, tf.onesInitializer(), { varsToWarmStart: ".*sc_vocab.*" }, "d/model-0"));

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStart_BucketizedColumn] weights of a bucketized column", () =>
  oneColumn("real_bucketized", 5, normal, { varsToWarmStart: ".*real_bucketized.*" }));

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStart_SparseColumnVocabularyConstrainedVocabSizes] two words of either vocabulary", async () => {
  const weights = "linear_model/sc_vocab/weights";
  const files = { old_vocab: words("apple", "guava", "banana"), new_vocab: fruit };
  const { fs } = await before(() => ({ weights: whole(weights, tf.onesInitializer(), [2, 1]) }), files);
  const make = () => ({ weights: cut(weights, [2, 1], tf.zerosInitializer(), one) });
  expect(await after(fs, make)).toEqual({ weights: [zeros(2)] });
  const info = rowsInfo(2, { oldVocabSize: 2 });
  const options = { varsToWarmStart: ".*sc_vocab.*", varNameToVocabInfo: { [weights]: info } };
  expect(await after(fs, make, () => warm(fs, options))).toEqual({ weights: [column(1, 0)] });
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStart_MultipleCols] all columns of a model, and its bias", async () => {
  const shapes = {
    "sc_int/weights": [10, 1],
    "sc_hash/weights": [15, 1],
    "sc_keys/weights": [4, 1],
    "sc_vocab/weights": [4, 1],
    "real_bucketized/weights": [5, 1],
    "sc_keys_X_sc_vocab/weights": [20, 1],
    bias_weights: [1],
  };
  const model = (make: (name: string, shape: number[]) => Made) =>
    Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, make(`linear_model/${name}`, shape)]),
    );
  const { fs, values } = await before(() => model((name, shape) => whole(name, random, shape)), {
    vocab: fruit,
  });
  const make = () => model((name, shape) => cut(name, shape, tf.zerosInitializer(), one));
  const cold = await after(fs, make);
  for (const value of Object.values(cold)) expect(new Set([value].flat(9))).toEqual(new Set([0]));
  const info = rowsInfo(4, { newVocab: "vocab", oldVocab: "vocab" });
  const found = await after(fs, make, () =>
    warm(fs, { varNameToVocabInfo: { "linear_model/sc_vocab/weights": info } }),
  );
  expect(found).toEqual(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]])));
});

const vocabularies = { old_vocab: fruit, new_vocab: `${reversedFruit}blueberry\n` };
/** The run before the next three cases. */
const settled = () =>
  before(
    () => ({
      hash: whole("linear_model/sc_hash/weights", normal, [15, 1]),
      keys: whole("some_other_name", random, [4, 1]),
      vocab: whole("linear_model/sc_vocab/weights", column(0.5, 1, 2, 3)),
    }),
    vocabularies,
  );
const settledModel = (partitioner?: Partitioner) => () => {
  const make = (name: string, rows: number): Made =>
    partitioner
      ? cut(`linear_model/${name}/weights`, [rows, 1], tf.zerosInitializer(), partitioner)
      : whole(`linear_model/${name}/weights`, tf.zerosInitializer(), [rows, 1]);
  return { hash: make("sc_hash", 15), keys: make("sc_keys", 4), vocab: make("sc_vocab", 6) };
};
const settings = {
  varNameToVocabInfo: { "linear_model/sc_vocab/weights": rowsInfo(6) },
  varNameToPrevVarName: { "linear_model/sc_keys/weights": "some_other_name" },
};
const halves = (value: unknown) => [(value as number[][]).slice(0, 2), (value as number[][]).slice(2)];

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartMoreSettings] some by expression, one under another name, one by word, all cut in two", async () => {
  const { fs, values } = await settled();
  const options = { varsToWarmStart: ".*(sc_keys|sc_vocab).*", ...settings };
  expect(await after(fs, settledModel(two), () => warm(fs, options))).toEqual({
    keys: halves(values.keys),
    hash: [zeros(8), zeros(7)],
    vocab: [column(3, 2, 1), column(0.5, 0, 0)],
  });
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartMoreSettingsNoPartitioning] the same with whole variables", async () => {
  const { fs, values } = await settled();
  const options = { varsToWarmStart: ".*(sc_keys|sc_vocab).*", ...settings };
  expect(await after(fs, settledModel(), () => warm(fs, options))).toEqual({
    keys: values.keys,
    hash: zeros(15),
    vocab: column(3, 2, 1, 0.5, 0, 0),
  });
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartVarsToWarmstartIsNone] null starts those with a vocabulary alone", async () => {
  const { fs } = await settled();
  const found = await after(fs, settledModel(two), () => warm(fs, { varsToWarmStart: null, ...settings }));
  expect(found).toEqual({
    keys: [zeros(2), zeros(2)],
    hash: [zeros(8), zeros(7)],
    vocab: [column(3, 2, 1), column(0.5, 0, 0)],
  });
});

const embeddings = [
  [0.5, 0.4],
  [1, 1.1],
  [2, 2.2],
  [3, 3.3],
];
const embeddingsByWord = [
  [
    [3, 3.3],
    [2, 2.2],
    [1, 1.1],
  ],
  [
    [0.5, 0.4],
    [0.42, 0.42],
    [0.42, 0.42],
  ],
];
const embeddingInfo = () => rowsInfo(6, { backupInitializer: tf.randomUniformInitializer(0.42, 0.42) });

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartEmbeddingColumn] embeddings by word, new words from the backup initializer", async () => {
  const name = "input_layer/sc_vocab_embedding/embedding_weights";
  const { fs } = await before(() => ({ v: whole(name, embeddings) }), vocabularies);
  const make = () => ({ v: cut(name, [6, 2], normal) });
  const { v } = await after(fs, make, () => warm(fs, { varNameToVocabInfo: { [name]: embeddingInfo() } }));
  close(v, embeddingsByWord);
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartEmbeddingColumnLinearModel] embeddings by word, and the weights over them", async () => {
  const scope = "linear_model/sc_vocab_embedding";
  const make = () => ({
    embedding: cut(`${scope}/embedding_weights`, [6, 2], normal),
    weights: cut(`${scope}/weights`, [2, 1], tf.zerosInitializer()),
  });
  const { fs } = await before(
    () => ({
      embedding: whole(`${scope}/embedding_weights`, embeddings),
      weights: whole(`${scope}/weights`, column(0.69, 0.71)),
    }),
    vocabularies,
  );
  const found = await after(fs, make, () =>
    warm(fs, {
      varsToWarmStart: ".*sc_vocab.*",
      varNameToVocabInfo: { [`${scope}/embedding_weights`]: embeddingInfo() },
    }),
  );
  close(found.embedding, embeddingsByWord);
  close(found.weights, [[[0.69]], [[0.71]]]);
});

// ---- what is refused, and object-based checkpoints

test("[warm_starting_util_test/WarmStartingUtilTest.testErrorConditions] lists of partitioned variables and settings that nothing uses are refused, and change nothing", async () => {
  const { fs } = await before(() => ({ x: cut("x", [4, 1], tf.onesInitializer()) }));
  await inGraph(fs, async () => {
    const x = cut("x", [4, 1], tf.onesInitializer());
    const count = tf.getDefaultGraph().getOperations().length;
    const refused = (options: object) => expect(warm(fs, options)).rejects;
    await refused({ varsToWarmStart: [x] }).toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence:
        "If `vars_to_warm_start` is a list, it must be all `Variable` or all `str`.  Given types are [object]",
    });
    const info = new VocabInfo({ newVocab: "", newVocabSize: 1, numOovBuckets: 0, oldVocab: "" });
    await refused({ varNameToVocabInfo: { y: info } }).toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence:
        "You provided the following variables in var_name_to_vocab_info that were not used: {'y'}.  Perhaps you misspelled them?  Here is the list of viable variable names: ['x']",
    });
    await refused({ varNameToPrevVarName: { y: "y2" } }).toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence:
        "You provided the following variables in var_name_to_prev_var_name that were not used: {'y'}.  Perhaps you misspelled them?  Here is the list of viable variable names: ['x']",
    });
    await refused({ varNameToVocabInfo: { x: info } }).toMatchObject({
      sentence:
        "Invalid args: Must provide all of [current_vocab_path, current_vocab_size, prev_ckpt, prev_vocab_path}.",
    });
    await refused({ varsToWarmStart: 7 }).toMatchObject({
      sentence: "`vars_to_warm_start must be a `list` or `str`.  Given type is number",
    });
    expect(tf.getDefaultGraph().getOperations()).toHaveLength(count);
  });
  expect(() => rowsInfo(1, { axis: 2 })).toThrow(
    "The only supported values for the axis argument are 0 and 1.  Provided axis: 2",
  );
});

test("[warm_starting_util_test/WarmStartingUtilTest.testWarmStartFromObjectBasedCheckpoint] a checkpoint of objects is read by the names of its variables", async () => {
  const fs = memoryFileSystem();
  await fs.makeDirectory("d");
  const key = "v/.ATTRIBUTES/VARIABLE_VALUE";
  const attributes = [{ name: "VARIABLE_VALUE", fullName: "fruit_weights", checkpointKey: key }];
  const graph = { nodes: [{ children: [{ nodeId: 1, localName: "v" }] }, { attributes }] };
  await writeCheckpoint(
    "d/checkpoint-1",
    {
      [key]: tf.convertToNdArray(start, "float32"),
      _CHECKPOINTABLE_OBJECT_GRAPH: tf.ndArray("string", [], [encode(TrackableObjectGraph, graph)]),
    },
    { fs },
  );
  await tf.train.updateCheckpointState("d", "d/checkpoint-1", { fs });
  const make = () => ({ v: whole("fruit_weights", zeros(4)) });
  expect(await after(fs, make, () => warm(fs))).toEqual({ v: start });
  await expect(
    after(
      fs,
      () => ({ w: whole("w", zeros(4)) }),
      () => warm(fs),
    ),
  ).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    sentence:
      "Attempting to warm-start from an object-based checkpoint, but found that the checkpoint did not contain values for all variables. The following variables were missing: {'w'}",
  });
});

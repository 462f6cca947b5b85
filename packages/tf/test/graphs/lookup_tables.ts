// Lookup tables: static, id and out-of-vocabulary buckets, index_table_from_tensor, a DenseHashTable that the Saver saves.
import type { Graph } from "@org/graph";
import {
  constant,
  DenseHashTable,
  getVariable,
  indexTableFromTensor,
  indexToStringTableFromTensor,
  KeyValueTensorInitializer,
  MutableHashTable,
  ones,
  operator,
  placeholder,
  StaticHashTable,
  StaticVocabularyTable,
  size,
  tablesInitializer,
  zerosInitializer,
} from "@org/ops";
import { Saver } from "@org/saver";

export function build(graph: Graph): Saver {
  const words = placeholder("string", [null], { name: "words" });
  const init = new KeyValueTensorInitializer(["one", "two"], [1, 2], {
    keyDType: "string",
    valueDType: "int64",
  });
  const fixed = new StaticHashTable(init, -1, { name: "static" });
  const ids = fixed.lookup(words, { name: "ids" });
  const bucketed = new StaticVocabularyTable(
    new KeyValueTensorInitializer(constant(["x", "y"]), constant([0, 1], "int64")),
    3,
  );
  const index = indexTableFromTensor(["red", "green", "blue"], { numOovBuckets: 1, name: "colors" });
  const back = indexToStringTableFromTensor(["red", "green", "blue"], { defaultValue: "?" });
  const roundTrip = back.lookup(index.lookup(words));
  // A SparseTensor is its indices, values and shape; a table looks up the values.
  const values = graph.nameScope("SparseTensor", () => {
    constant(
      [
        [0, 0],
        [1, 1],
      ],
      "int64",
      { name: "indices" },
    );
    const strings = constant(["x", "z"], "string", { name: "values" });
    constant([2, 2], "int64", { name: "dense_shape" });
    return strings;
  });
  const sparseIds = bucketed.lookup(values);
  const dense = new DenseHashTable("string", "float32", 0, {
    emptyKey: "",
    deletedKey: "-",
    initialNumBuckets: 8,
    name: "counts",
  });
  const mutable = new MutableHashTable("int64", "float32", [0, 0], { name: "mutable" });
  graph.addToCollection("train_op", dense.insert(words, operator.add(dense.lookup(words), 1)));
  graph.addToCollection("train_op", mutable.insert(ids, ones([size(ids), 2])));
  graph.addToCollection("sizes", fixed.size());
  graph.addToCollection("sizes", mutable.size());
  graph.addToCollection("round_trip", roundTrip);
  graph.addToCollection("sparse_ids", sparseIds);
  const v = getVariable("v", [2], { initializer: zerosInitializer() });
  tablesInitializer();
  return new Saver([...(graph.getCollection("saveable_objects") as never[]), v], { graph });
}

// A collection type from outside: it registers, exports to a file, imports under a scope, and compares. On public exports alone.
import assert from "node:assert/strict";
import { prependNameScope, stripNameScope } from "@org/graph";
import {
  createCollectionRegistry,
  exportMetaGraph,
  Graph,
  importMetaGraph,
  readMetaGraph,
  standardCollections,
  writeMetaGraph,
} from "@org/metagraph";
import { create, HParamDef } from "@org/proto";

class ClassNames {
  constructor(tensor, names) {
    this.tensor = tensor;
    this.names = names;
  }
}

const bytes = (text) => new TextEncoder().encode(text);
const text = (value) => new TextDecoder().decode(value);
const classNames = {
  key: "class_names",
  origin: "scaffold",
  protoType: HParamDef,
  toProto: ({ tensor, names }, { exportScope }) =>
    create(HParamDef, {
      hparam: {
        tensor: { bytesValue: bytes(stripNameScope(tensor.name, exportScope)) },
        names: { bytesList: { value: names.map(bytes) } },
      },
    }),
  fromProto: ({ hparam }, { graph, importScope }) =>
    new ClassNames(
      graph.getTensorByName(prependNameScope(text(hparam.tensor.bytesValue), importScope)),
      hparam.names.bytesList.value.map(text),
    ),
};
const collections = createCollectionRegistry(standardCollections, classNames);
assert.throws(
  () => createCollectionRegistry(collections, { ...classNames }),
  /Registering two proto functions/,
);

const graph = new Graph();
const scores = graph.createOp("Placeholder", [], { name: "scores", attrs: { dtype: "float32", shape: [2] } });
graph.addToCollection("class_names", new ClassNames(scores.outputs[0], ["cat", "dog"]));
await writeMetaGraph("scaffold.meta", exportMetaGraph(graph, { collections }));

const imported = importMetaGraph(await readMetaGraph("scaffold.meta"), { collections, importScope: "pets" });
const [back] = imported.graph.getCollection("class_names");
assert.ok(back instanceof ClassNames);
assert.equal(back.tensor, imported.graph.getTensorByName("pets/scores:0"));
assert.deepEqual(back.names, ["cat", "dog"]);
console.log("a collection type of one's own: exported, imported under a scope, equal");

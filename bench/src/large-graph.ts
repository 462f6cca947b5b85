// MetaGraphs of any size that look like what people train: towers of about a thousand nodes, side by side, each with layers of
// products, sums and relus, variables and their initialisers, a table of numbers, gradients, an optimizer and a Saver.
import * as tf from "@org/tf";
import { numbers } from "./model.ts";

const { decode, encode, GraphDef, MetaGraphDef, VariableDef } = tf.protos;
type MetaGraph = tf.protos.MetaGraphDef;
const layersOfTower = 17;
const utf8 = new TextEncoder();
const text = new TextDecoder();

async function tower(): Promise<MetaGraph> {
  return new tf.Graph().asDefault(() => {
    const images = tf.placeholder("float32", [null, 16], { name: "images" });
    const table = tf.constant(tf.ndArray("float32", [32, 16], numbers(512, 1, 7)), { name: "table" });
    let x: tf.Tensor = tf.operator.add(images, tf.reduceMean(table));
    for (let i = 0; i < layersOfTower; i++)
      tf.nameScope(`layer_${i}`, () => {
        const weights = new tf.Variable(tf.truncatedNormal([16, 16], { stddev: 0.25 }), { name: "weights" });
        const biases = new tf.Variable(tf.zeros([16]), { name: "biases" });
        x = tf.nn.relu(tf.operator.add(tf.matmul(x, weights), biases));
      });
    new tf.train.GradientDescentOptimizer(0.01).minimize(tf.reduceMean(x, { name: "loss" }));
    return tf.train.exportMetaGraph({ saverDef: new tf.train.Saver().asSaverDef() });
  });
}

function renamedNode(node: tf.protos.INodeDef, prefix: string): tf.protos.INodeDef {
  const attr = { ...node.attr };
  const groups = attr._class?.list?.s;
  if (groups)
    attr._class = {
      list: { s: groups.map((group) => utf8.encode(text.decode(group).replace("loc:@", `loc:@${prefix}`))) },
    };
  const input = (node.input ?? []).map((name) => name.replace(/^(\^?)/, `$1${prefix}`));
  return { ...node, name: `${prefix}${node.name}`, input, attr };
}

function renamedVariable(bytes: Uint8Array, prefix: string): Uint8Array {
  const variable = decode(VariableDef, bytes);
  for (const key of ["variableName", "initializerName", "snapshotName", "initialValueName"] as const)
    variable[key] = `${prefix}${variable[key]}`;
  return encode(VariableDef, variable);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

/** The bytes of a MetaGraphDef of about `nodes` nodes. */
export async function largeMeta(nodes: number): Promise<Uint8Array> {
  const one = await tower();
  const { node, versions } = one.graphDef!;
  const graph: Uint8Array[] = [];
  const collections = { variables: [] as Uint8Array[], trainable_variables: [] as Uint8Array[] };
  for (let i = 0; i < Math.max(1, Math.round(nodes / node.length)); i++) {
    const prefix = `tower_${i}/`;
    graph.push(encode(GraphDef, { node: node.map((each) => renamedNode(each, prefix)) }));
    for (const [key, list] of Object.entries(collections))
      for (const bytes of one.collectionDef[key]!.bytesList!.value) list.push(renamedVariable(bytes, prefix));
  }
  graph.push(encode(GraphDef, { versions }));
  const saver = { ...one.saverDef! };
  for (const key of ["filenameTensorName", "saveTensorName", "restoreOpName"] as const)
    saver[key] = `tower_0/${saver[key]}`;
  const collectionDef = Object.fromEntries(
    Object.entries(collections).map(([key, value]) => [key, { bytesList: { value } }]),
  );
  const size = graph.reduce((sum, part) => sum + part.length, 0);
  return new Uint8Array(
    Buffer.concat([
      encode(MetaGraphDef, { metaInfoDef: one.metaInfoDef }),
      // Field 2, graph_def: encoded in pieces, so that the messages of all nodes are never there at once.
      Uint8Array.of(0x12, ...varint(size)),
      ...graph,
      encode(MetaGraphDef, { saverDef: saver, collectionDef }),
    ]),
  );
}

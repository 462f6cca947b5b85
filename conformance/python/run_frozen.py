"""run_frozen.py SPEC.json OUT.json: imports frozen graphs into a graph each and runs them.

SPEC: graphs: [{graph: a GraphDef .pb, feed: {tensor: .npy}, fetch: [tensor], targets: [op] (run before, optional)}].
OUT: for each graph, what was fetched: {tensor: nested lists}.
"""
import json, sys
import numpy as np
from tensorflow_v1 import tf

results = []
for spec in json.load(open(sys.argv[1]))["graphs"]:
    graph_def = tf.GraphDef()
    with open(spec["graph"], "rb") as f:
        graph_def.ParseFromString(f.read())
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.import_graph_def(graph_def, name="")
        for name in spec.get("targets", []):
            sess.run(graph.get_operation_by_name(name))
        feed = {name: np.load(path) for name, path in spec.get("feed", {}).items()}
        values = sess.run(spec["fetch"], feed)
        results.append({name: np.asarray(value).tolist() for name, value in zip(spec["fetch"], values)})
json.dump(results, open(sys.argv[2], "w"))

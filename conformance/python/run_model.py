"""run_model.py SPEC.json OUT.json: imports a MetaGraph, restores a checkpoint, runs steps in order, may save.

SPEC: meta, prefix, steps: [{feed: {tensor: .npy}, fetch: [tensor], targets: [op]}], save (a prefix, optional).
OUT: for each step, what was fetched: {tensor: nested lists}.
"""
import json, sys
import numpy as np
from tensorflow_v1 import tf

spec = json.load(open(sys.argv[1]))
results = []
with tf.Graph().as_default(), tf.Session() as sess:
    saver = tf.train.import_meta_graph(spec["meta"])
    saver.restore(sess, spec["prefix"])
    graph = tf.get_default_graph()
    for step in spec["steps"]:
        feed = {name: np.load(path) for name, path in step.get("feed", {}).items()}
        targets = [graph.get_operation_by_name(name) for name in step.get("targets", [])]
        values, _ = sess.run([step["fetch"], targets], feed)
        results.append({name: np.asarray(value).tolist() for name, value in zip(step["fetch"], values)})
    if spec.get("save"):
        saver.save(sess, spec["save"])
json.dump(results, open(sys.argv[2], "w"))

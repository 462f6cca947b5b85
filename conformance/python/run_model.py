"""run_model.py SPEC.json OUT.json: imports a MetaGraph, restores a checkpoint, runs steps in order, may save.

SPEC: meta, prefix, steps: [{feed: {tensor: .npy}, fetch: [tensor], targets: [op]}], save (a prefix, optional), queue_runners (whether to
start them, optional); or a list of such, each with a graph of its own.
OUT: for each step, what was fetched: {tensor: nested lists}; or a list of those.
"""
import json, sys
import numpy as np
from tensorflow_v1 import tf


def run_model(spec):
    results = []
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(spec["meta"])
        saver.restore(sess, spec["prefix"])
        graph = tf.get_default_graph()
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coord) if spec.get("queue_runners") else []
        for step in spec["steps"]:
            feed = {name: np.load(path) for name, path in step.get("feed", {}).items()}
            targets = [graph.get_operation_by_name(name) for name in step.get("targets", [])]
            values, _ = sess.run([step["fetch"], targets], feed)
            results.append({name: np.asarray(value).tolist() for name, value in zip(step["fetch"], values)})
        if spec.get("save"):
            saver.save(sess, spec["save"])
        coord.request_stop()
        coord.join(threads)
    return results


specs = json.load(open(sys.argv[1]))
results = [run_model(spec) for spec in specs] if isinstance(specs, list) else run_model(specs)
json.dump(results, open(sys.argv[2], "w"))

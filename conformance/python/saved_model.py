"""saved_model.py build EXPORT_DIR ASSET FORMAT: y = x * w + b, saved twice with an asset and a main op; FORMAT is "pb" or "pbtxt".
saved_model.py run SPEC.json OUT.json: loads a SavedModel and runs a signature.

The main op assigns the path of the asset, which a loader feeds, to the unsaved variable "where".
SPEC: export_dir, tags, signature, feed: {input: .npy}.
OUT: outputs: {output: nested lists}, where: the path, signatures: their keys, variables: the names of the collection.
"""
import json, sys
import numpy as np
from tensorflow_v1 import tf


def build(export_dir, asset_path, form):
    saved = tf.saved_model
    builder = saved.builder.SavedModelBuilder(export_dir)
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        w = tf.Variable([[1.0], [2.0]], name="w")
        b = tf.Variable([0.5], name="b")
        y = tf.add(tf.matmul(x, w, name="product"), b, name="y")
        where = tf.Variable("", name="where", trainable=False, collections=[])
        asset = tf.constant(asset_path, name="asset")
        tf.add_to_collection(tf.GraphKeys.ASSET_FILEPATHS, asset)
        main_op = tf.group(tf.assign(where, asset, name="found"), name="main")
        sess.run(tf.global_variables_initializer())
        info = saved.utils.build_tensor_info
        signature = saved.signature_def_utils.build_signature_def(
            {"x": info(x)}, {"y": info(y)}, saved.signature_constants.PREDICT_METHOD_NAME
        )
        signatures = {saved.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY: signature}
        builder.add_meta_graph_and_variables(
            sess,
            [saved.tag_constants.SERVING],
            signature_def_map=signatures,
            assets_collection=tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS),
            main_op=main_op,
        )
        builder.add_meta_graph([saved.tag_constants.SERVING, "again"], clear_devices=True)
    builder.save(as_text=form == "pbtxt")


def run(spec_path, out_path):
    spec = json.load(open(spec_path))
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        meta = tf.saved_model.loader.load(sess, spec["tags"], spec["export_dir"])
        signature = meta.signature_def[spec["signature"]]
        feed = {signature.inputs[key].name: np.load(path) for key, path in spec["feed"].items()}
        keys = sorted(signature.outputs)
        values = sess.run([signature.outputs[key].name for key in keys], feed)
        result = {
            "outputs": {key: np.asarray(value).tolist() for key, value in zip(keys, values)},
            "where": sess.run("where:0").decode(),
            "signatures": sorted(meta.signature_def),
            "variables": [v.name for v in tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)],
        }
    json.dump(result, open(out_path, "w"))


{"build": build, "run": run}[sys.argv[1]](*sys.argv[2:])

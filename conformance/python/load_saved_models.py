"""load_saved_models.py SPEC.json OUT.json: what SavedModels' output is for ones; what numpy finds in .npz files (name -> shape, bytes in hex)."""
import json, sys
import numpy as np
from tensorflow_v1 import tf

spec = json.load(open(sys.argv[1]))
result = {"values": [], "arrays": {}}
for path in spec["saved_models"]:
    with tf.Session(graph=tf.Graph()) as sess:
        tf.saved_model.loader.load(sess, ["serve"], path)
        value = sess.run(spec["fetch"], {spec["feed"]: np.ones(spec["shape"], np.float32)})
        result["values"].append(np.asarray(value).reshape(-1).tolist())
for path in spec["npz"]:
    with np.load(path) as arrays:
        result["arrays"][path] = {name: [list(arrays[name].shape), arrays[name].tobytes().hex()] for name in arrays.files}
json.dump(result, open(sys.argv[2], "w"))

"""read_checkpoint.py PREFIX OUT.json: every tensor of a checkpoint as TensorFlow reads it: dtype, shape, bytes in hex."""
import json, sys
import numpy as np
from tensorflow_v1 import tf

reader = tf.train.NewCheckpointReader(sys.argv[1])
result = {}
for name in sorted(reader.get_variable_to_shape_map()):
    try:
        value = reader.get_tensor(name)
    except tf.errors.UnimplementedError as error:  # 1.0.1 cannot hand half floats to numpy
        result[name] = {"unsupported": str(error)}
        continue
    if isinstance(value, bytes):  # a scalar string
        value = np.array(value, dtype=object)
    if value.dtype.kind in "OS":
        data = {"strings": [(v if isinstance(v, bytes) else v.encode()).hex() for v in value.reshape(-1).tolist()]}
    else:
        data = {"hex": value.tobytes().hex()}
    result[name] = dict(data, dtype=str(value.dtype), shape=list(value.shape))
json.dump(result, open(sys.argv[2], "w"))

"""train_batch_norm.py FOLDER: what people freeze and cannot load: batch normalization whose moving averages are updated where the output is computed.

Writes FOLDER/model.* with .meta, FOLDER/x.npy and FOLDER/expect.json: `out` of the variables as they are, not training. Refs, and resources where
the version has them.
"""
import json, os, sys
import numpy as np
from tensorflow_v1 import tf

folder = sys.argv[1]
expected = {}
x_value = np.linspace(-1, 2, 12).reshape(4, 3).astype(np.float32)
np.save(os.path.join(folder, "x.npy"), x_value)
np.save(os.path.join(folder, "training.npy"), np.array(False))


def moving(name, shape, value, use_resource):
    # get_variable of 1.0.1 takes no use_resource.
    kind = {"use_resource": use_resource} if use_resource else {}
    return tf.get_variable(name, initializer=tf.constant(value, shape=shape), trainable=False, **kind)


kinds = ["ref"] if tf.__version__.startswith("1.0") else ["ref", "resource"]
for kind in kinds:
    resource = kind == "resource"
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        training = tf.placeholder(tf.bool, [], name="training")
        mean = moving("bn/moving_mean", [3], 0.25, resource)
        variance = moving("bn/moving_variance", [3], 0.5, resource)

        def update():
            batch_mean, batch_variance = tf.nn.moments(x, [0])
            # Inside the branch: the variable itself goes through a Switch.
            if resource:
                new_mean = mean.assign_sub((mean.read_value() - batch_mean) * 0.1)
            else:
                new_mean = tf.assign_sub(mean, (mean - batch_mean) * 0.1)
            with tf.control_dependencies([new_mean]):
                return tf.identity(batch_mean), tf.identity(batch_variance)

        m, v = tf.cond(training, update, lambda: (mean.value() + 0.0, variance.value() + 0.0))
        table = tf.get_variable("table", initializer=tf.constant(np.arange(12, dtype=np.float32).reshape(4, 3)), **({"use_resource": True} if resource else {}))
        rows = tf.gather(table, tf.constant([2, 0, 1, 3]))
        tf.identity((x - m) * tf.rsqrt(v + 1e-3) + rows, name="out")
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            sess.run("out:0", {"x:0": x_value, "training:0": True})
        expected[kind] = sess.run("out:0", {"x:0": x_value, "training:0": False}).tolist()
        tf.train.Saver().save(sess, os.path.join(folder, kind))
json.dump(expected, open(os.path.join(folder, "expect.json"), "w"))

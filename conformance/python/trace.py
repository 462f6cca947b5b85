"""trace.py OUT: the RunMetadata of a traced run of TensorFlow itself: a loop, a variable, a product."""
import sys

import tensorflow_v1

tf = tensorflow_v1.tf
with tf.Graph().as_default():
    x = tf.placeholder(tf.float32, [2, 2], name="x")
    w = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="w")
    loop = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.matmul(y, w)), [tf.constant(0), x])
    total = tf.reduce_sum(loop[1] * 2.0 + x, name="total")
    with tf.Session() as session:
        session.run(w.initializer)
        metadata = tf.RunMetadata()
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        session.run(total, {x: [[1, 0], [0, 1]]}, options=options, run_metadata=metadata)
with open(sys.argv[1], "wb") as file:
    file.write(metadata.SerializeToString())

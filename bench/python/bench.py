"""bench.py CASES_JSON: the cases with TensorFlow 1.15.5 on one thread; prints {case: microseconds, best of rounds} as JSON."""
import json, os, sys, time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import tensorflow as tf

tf.logging.set_verbosity(tf.logging.ERROR)
config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)


def best(work, rounds=9, seconds=0.15):
    for _ in range(3):
        work()
    times = []
    for _ in range(rounds):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            work()
            count += 1
        times.append((time.perf_counter() - start) / count * 1e6)
    return min(times)


def network(x):
    for i, (rows, columns) in enumerate([(784, 128), (128, 32), (32, 10)]):
        w = tf.Variable(tf.truncated_normal([rows, columns], stddev=rows ** -0.5))
        b = tf.Variable(tf.zeros([columns]))
        x = tf.matmul(x, w) + b
        if i < 2:
            x = tf.nn.relu(x)
    return x


def matmul(n):
    a, b = tf.Variable(np.random.rand(n, n).astype("f")), tf.Variable(np.random.rand(n, n).astype("f"))
    return tf.matmul(a, b).op, {}


def train_step(batch):
    x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.int32, [None])
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=network(x)))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    return [loss, train], {x: np.random.rand(batch, 784).astype("f"), y: np.arange(batch, dtype="i") % 10}


def infer(batch):
    x = tf.placeholder(tf.float32, [None, 784])
    return network(x), {x: np.random.rand(batch, 784).astype("f")}


def scalar_adds(count):
    x = tf.placeholder(tf.float32, [])
    total = x
    for _ in range(count):
        total = total + 1.0
    return total, {x: 0.5}


def import_meta(path):
    data = open(path, "rb").read()

    def work():
        meta = tf.MetaGraphDef.FromString(data)
        with tf.Graph().as_default():
            tf.train.import_meta_graph(meta)

    return work


results = {}
for name, kind, argument in json.loads(sys.argv[1]):
    if kind == "importMeta":
        results[name] = best(import_meta(argument), rounds=3)
        continue
    build = {"matmul": matmul, "trainStep": train_step, "infer": infer, "scalarAdds": scalar_adds}[kind]
    with tf.Graph().as_default():
        fetches, feed = build(argument)
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            results[name] = best(lambda: session.run(fetches, feed))
print(json.dumps(results))

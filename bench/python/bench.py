"""bench.py CASES_JSON [THREADS]: the cases with TensorFlow 1.15.5 on one thread, or so many; prints {case: microseconds, best of rounds} as JSON."""
import json, os, sys, time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import tensorflow as tf

tf.logging.set_verbosity(tf.logging.ERROR)
threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
config = tf.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=1)


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


def session_run(fetches, feed=None):
    session = tf.Session(config=config)
    session.run(tf.global_variables_initializer())
    return lambda: session.run(fetches, feed)


def update(rows, following):
    x = tf.Variable(np.random.rand(rows, rows).astype("f"))
    return session_run(x.assign(following(tf.identity(x))).op)


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
    return session_run(tf.matmul(a, b).op)


def training():
    x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.int32, [None])
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=network(x)))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    images, labels = np.random.rand(4000, 784).astype("f"), np.arange(4000, dtype="i") % 10
    return [loss, train], lambda batch: {x: images[:batch], y: labels[:batch]}


def train_step(batch):
    fetches, feed = training()
    return session_run(fetches, feed(batch))


def new_batch_size(batch):
    fetches, feed = training()
    session = tf.Session(config=config)
    session.run(tf.global_variables_initializer())
    size = iter(range(batch, 1 << 30))
    return lambda: session.run(fetches, feed(next(size)))


def first_run(batch):
    fetches, feed = training()
    init, given = tf.global_variables_initializer(), feed(batch)

    def work():
        with tf.Session(config=config) as session:
            session.run(init)
            session.run(fetches, given)

    return work


def infer(batch):
    x = tf.placeholder(tf.float32, [None, 784])
    return session_run(network(x), {x: np.random.rand(batch, 784).astype("f")})


def multiply_adds(rows):
    def following(x):
        for _ in range(5):
            x = x * 0.5 + 0.25
        return x

    return update(rows, following)


def exp_tanh(rows):
    return update(rows, lambda x: tf.exp(tf.tanh(x)))


def softmax(rows):
    return update(rows, tf.nn.softmax)


def conv_net(trains, batch=32):
    x, y = tf.placeholder(tf.float32, [None, 28, 28, 1]), tf.placeholder(tf.int32, [None])
    feed = {x: np.random.rand(batch, 28, 28, 1).astype("f"), y: np.arange(batch, dtype="i") % 10}
    last = x
    for inputs, outputs in [(1, 32), (32, 64)]:
        w = tf.Variable(tf.truncated_normal([5, 5, inputs, outputs], stddev=(25 * inputs) ** -0.5))
        summed = tf.nn.bias_add(tf.nn.conv2d(last, w, [1, 1, 1, 1], "SAME"), tf.Variable(tf.zeros([outputs])))
        last = tf.nn.max_pool(tf.nn.relu(summed), [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    w = tf.Variable(tf.truncated_normal([7 * 7 * 64, 10], stddev=0.018))
    logits = tf.matmul(tf.reshape(last, [-1, 7 * 7 * 64]), w) + tf.Variable(tf.zeros([10]))
    if not trains:
        return session_run(logits, feed)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    return session_run([loss, tf.train.GradientDescentOptimizer(0.01).minimize(loss)], feed)


def lstm_step(units, batch=32):
    x = tf.placeholder(tf.float32, [None, units])
    c, h = tf.Variable(tf.zeros([batch, units])), tf.Variable(tf.zeros([batch, units]))
    cell = tf.nn.rnn_cell.BasicLSTMCell(units)
    output, (next_c, next_h) = cell(x, (tf.identity(c), tf.identity(h)))
    following = tf.group(c.assign(next_c), h.assign(next_h))
    return session_run([output, following], {x: np.random.rand(batch, units).astype("f")})


def adam_step(count):
    w = tf.Variable(tf.random_normal([count]))
    g = tf.Variable(tf.random_normal([count]), trainable=False)
    return session_run(tf.train.AdamOptimizer(0.001).apply_gradients([(tf.identity(g), w)]))


def scalar_adds(count):
    x = tf.placeholder(tf.float32, [])
    total = x
    for _ in range(count):
        total = total + 1.0
    return session_run(total, {x: 0.5})


def nothing(_):
    return session_run(tf.no_op())


def while_loop(turns):
    return session_run(tf.while_loop(lambda i: i < turns, lambda i: i + 1, [tf.constant(0)]))


def import_meta(path):
    data = open(path, "rb").read()

    def work():
        meta = tf.MetaGraphDef.FromString(data)
        with tf.Graph().as_default():
            tf.train.import_meta_graph(meta)

    return work


builders = [matmul, train_step, new_batch_size, first_run, infer, multiply_adds, exp_tanh, softmax, conv_net, lstm_step,
            adam_step, scalar_adds, nothing, while_loop, import_meta]
by_name = {builder.__name__: builder for builder in builders}
results = {}
for name, builder, argument in json.loads(sys.argv[1]):
    with tf.Graph().as_default():
        seconds = 0.03 if builder == "new_batch_size" else 0.15
        results[name] = best(by_name[builder](argument), 3 if builder == "import_meta" else 9, seconds)
print(json.dumps(results))

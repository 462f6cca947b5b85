"""broken_runs.py OUT_FOLDER: builds small graphs, exports NAME.meta of each, and runs each in TensorFlow 1: a run that fails, and a good run after it in
the same session. Writes cases.json: what was run, the code and sentence of the failure, and what the good run gave."""
import json, os, sys
import numpy as np
from tensorflow_v1 import tf
from tensorflow.python.framework import errors_impl
from tensorflow.python.ops import gen_data_flow_ops, gen_io_ops, gen_math_ops, gen_nn_ops

folder = sys.argv[1]
raw = {}  # name: how to build the graph, giving the runs
F, I, L, S, U8 = "float32", "int32", "int64", "string", "uint8"


def case(build):
    raw[build.__name__] = build
    return build


def fed(values, dtype=F, shape=None):
    """A value to feed, which both sides make alike."""
    array = np.array(values, dtype=object if dtype == S else dtype)
    shape = list(array.shape) if shape is None else shape
    return {"dtype": dtype, "shape": shape, "values": array.reshape(-1).tolist()}


def value_of(feed):
    return np.array(feed["values"], dtype=object if feed["dtype"] == S else feed["dtype"]).reshape(feed["shape"])


def unknown(name, dtype=F):
    return tf.placeholder(tf.as_dtype(dtype), None, name=name)


def runs(fetch, bad, good, init=(), **more):
    """The feeds of the bad and of the good run of one fetch."""
    return dict(bad={"fetch": fetch, "feed": bad}, good={"fetch": fetch, "feed": good}, init=list(init), **more)


# ---- shapes that do not agree


def two(name, op, a, b, good_a, good_b):
    def build():
        op(unknown("a", a["dtype"]), unknown("b", b["dtype"]))
        return runs("y:0", {"a:0": a, "b:0": b}, {"a:0": good_a, "b:0": good_b})

    raw[name] = build


ones = lambda *shape: fed(np.ones(shape))
two("matmul_inner", lambda a, b: tf.matmul(a, b, name="y"), ones(2, 3), ones(2, 3), ones(2, 3), ones(3, 2))
two("matmul_rank", lambda a, b: gen_math_ops.mat_mul(a, b, name="y"), ones(3), ones(3, 2), ones(2, 3), ones(3, 2))
two("batch_matmul", lambda a, b: gen_math_ops.batch_mat_mul(a, b, name="y"), ones(2, 2, 3), ones(2, 2, 3), ones(2, 2, 3), ones(2, 3, 2))
two("add", lambda a, b: tf.add(a, b, name="y"), ones(2, 3), ones(4), ones(2, 3), ones(3))
two("greater", lambda a, b: tf.greater(a, b, name="y"), ones(2), ones(3), ones(2), ones(2))
two("concat_sizes", lambda a, b: tf.concat([a, b], 1, name="y"), ones(2, 3), ones(3, 3), ones(2, 3), ones(2, 1))
two("concat_ranks", lambda a, b: tf.concat([a, b], 0, name="y"), ones(2, 3), ones(3), ones(2, 3), ones(2, 3))
two("concat_axis", lambda a, b: tf.concat([a, a], b, name="y"), ones(2, 3), fed(5, I), ones(2, 3), fed(1, I))
two("pack", lambda a, b: tf.stack([a, b], name="y"), ones(2), ones(3), ones(2), ones(2))
two("add_n", lambda a, b: tf.add_n([a, b], name="y"), ones(2), ones(3), ones(2), ones(2))
two("reshape_size", lambda a, b: tf.reshape(a, b, name="y"), ones(2, 3), fed([4, 2], I), ones(2, 3), fed([3, 2], I))
two("reshape_two_unknown", lambda a, b: tf.reshape(a, b, name="y"), ones(2, 3), fed([-1, -1], I), ones(2, 3), fed([-1, 2], I))
two("reshape_indivisible", lambda a, b: tf.reshape(a, b, name="y"), ones(2, 3), fed([-1, 4], I), ones(2, 3), fed([-1, 2], I))
two("conv2d_depth", lambda a, b: tf.nn.conv2d(a, b, [1, 1, 1, 1], "SAME", name="y"), ones(1, 4, 4, 3), ones(2, 2, 2, 1), ones(1, 4, 4, 2), ones(2, 2, 2, 1))
two("conv2d_rank", lambda a, b: gen_nn_ops.conv2d(a, b, [1, 1, 1, 1], padding="SAME", name="y"), ones(4, 4, 3), ones(2, 2, 3, 1), ones(1, 4, 4, 2), ones(2, 2, 2, 1))
two("bias_add", lambda a, b: gen_nn_ops.bias_add(a, b, name="y"), ones(2, 3), ones(4), ones(2, 3), ones(3))
two("transpose", lambda a, b: tf.transpose(a, b, name="y"), ones(2, 3), fed([0, 1, 2], I), ones(2, 3), fed([1, 0], I))
two("transpose_twice", lambda a, b: tf.transpose(a, b, name="y"), ones(2, 3), fed([1, 1], I), ones(2, 3), fed([1, 0], I))
two("reduce_axis", lambda a, b: gen_math_ops._sum(a, b, name="y"), ones(2, 3), fed([2], I), ones(2, 3), fed([1], I))
two("arg_max_axis", lambda a, b: gen_math_ops.arg_max(a, b, name="y"), ones(2, 3), fed(2, I), ones(2, 3), fed(1, I))
two("tile", lambda a, b: tf.tile(a, b, name="y"), ones(2, 3), fed([2], I), ones(2, 3), fed([1, 2], I))
two("pad", lambda a, b: tf.pad(a, b, name="y"), ones(2), fed([[-1, 0]], I), ones(2), fed([[1, 0]], I))
two("expand_dims", lambda a, b: tf.expand_dims(a, b, name="y"), ones(2), fed(3, I), ones(2), fed(1, I))
two("select", lambda a, b: tf.where(tf.constant([True, False]), a, b, name="y"), ones(3), ones(3), ones(2), ones(2))
two("sparse_softmax_label", lambda a, b: gen_nn_ops.sparse_softmax_cross_entropy_with_logits(a, b, name="y"), ones(2, 3), fed([0, 3], I), ones(2, 3), fed([0, 2], I))
two("sparse_softmax_count", lambda a, b: gen_nn_ops.sparse_softmax_cross_entropy_with_logits(a, b, name="y"), ones(2, 3), fed([0, 1, 2], I), ones(2, 3), fed([0, 2], I))
two("softmax_xent", lambda a, b: gen_nn_ops.softmax_cross_entropy_with_logits(a, b, name="y"), ones(2, 3), ones(3, 3), ones(2, 3), ones(2, 3))
two("in_top_k", lambda a, b: tf.raw_ops.InTopKV2(predictions=a, targets=b, k=1, name="y"), ones(2, 3), fed([1, 2, 0], I), ones(2, 3), fed([0, 2], I))
two("broadcast_to", lambda a, b: tf.broadcast_to(a, b, name="y"), ones(2, 3), fed([2, 4], I), ones(2, 3), fed([2, 2, 3], I))
two("top_k", lambda a, b: tf.nn.top_k(a, b, name="y"), ones(3), fed(5, I), ones(3), fed(1, I))

# ---- indices out of range, sizes below 0

two("gather", lambda a, b: tf.gather(a, b, name="y"), ones(3), fed([0, 3], I), ones(3), fed([2], I))
two("gather_rank2", lambda a, b: tf.gather(a, b, name="y"), ones(3, 2), fed([[0, 1], [-1, 1]], I), ones(3, 2), fed([2], I))
two("gather_nd", lambda a, b: tf.gather_nd(a, b, name="y"), ones(3, 2), fed([[0, 2]], I), ones(3, 2), fed([[2, 1]], I))
two("embedding_lookup", lambda a, b: tf.identity(tf.nn.embedding_lookup(a, b, name="look"), name="y"), ones(3, 2), fed([7], I), ones(3, 2), fed([2], I))
two("slice_begin", lambda a, b: tf.slice(a, b, [1], name="y"), ones(3), fed([4], I), ones(3), fed([2], I))
two("slice_size", lambda a, b: tf.slice(a, [1], b, name="y"), ones(3), fed([3], I), ones(3), fed([2], I))
two("strided_slice_index", lambda a, b: tf.strided_slice(a, b, b + 1, [1], shrink_axis_mask=1, name="y"), ones(3), fed([3], I), ones(3), fed([2], I))
two("strided_slice_zero", lambda a, b: tf.strided_slice(a, [0], [2], b, name="y"), ones(3), fed([0], I), ones(3), fed([1], I))
two("fill_negative", lambda a, b: tf.fill(b, a, name="y"), fed(1.0), fed([2, -1], I), fed(1.0), fed([2, 1], I))
two("range_zero", lambda a, b: tf.range(a, 5, b, name="y"), fed(0, I), fed(0, I), fed(0, I), fed(2, I))
two("range_backwards", lambda a, b: tf.range(a, 5, b, name="y"), fed(0, I), fed(-1, I), fed(0, I), fed(2, I))
two("sparse_to_dense", lambda a, b: tf.sparse_to_dense(b, [3], a, name="y"), fed([1.0]), fed([3], I), fed([1.0]), fed([2], I))
two("sparse_to_dense_order", lambda a, b: tf.sparse_to_dense(b, [3], a, name="y"), fed([1.0, 2.0]), fed([2, 1], I), fed([1.0]), fed([2], I))
two("dynamic_stitch", lambda a, b: tf.dynamic_stitch([b], [a], name="y"), ones(2), fed([-1, 0], I), ones(2), fed([1, 0], I))
two("dynamic_stitch_shapes", lambda a, b: tf.dynamic_stitch([b], [a], name="y"), ones(3), fed([1, 0], I), ones(2), fed([1, 0], I))
two("dynamic_partition", lambda a, b: tf.identity(tf.dynamic_partition(a, b, 2, name="part")[0], name="y"), ones(2), fed([0, 2], I), ones(2), fed([1, 0], I))
two("segment_sum_order", lambda a, b: tf.segment_sum(a, b, name="y"), ones(2), fed([1, 0], I), ones(2), fed([0, 0], I))
two("unsorted_segment", lambda a, b: tf.unsorted_segment_sum(a, b, 2, name="y"), ones(2), fed([0, 2], I), ones(2), fed([0, 1], I))
two("scatter_nd", lambda a, b: tf.scatter_nd(b, a, [3], name="y"), ones(1), fed([[3]], I), ones(1), fed([[2]], I))
two("split", lambda a, b: tf.identity(tf.split(a, 2, tf.reshape(b, []), name="part")[0], name="y"), ones(3), fed([0], I), ones(2), fed([0], I))
two("split_v", lambda a, b: tf.identity(tf.split(a, b, 0, num=2, name="part")[0], name="y"), ones(3), fed([1, 1], I), ones(3), fed([1, 2], I))
two("random_uniform_shape", lambda a, b: tf.multiply(tf.cast(tf.shape(tf.random_uniform(b, name="draw")), tf.float32), a, name="y"), fed(1.0), fed([-2], I), fed(1.0), fed([2], I))

# ---- arithmetic

two("div_zero", lambda a, b: tf.div(a, b, name="y"), fed([1, 2], I), fed([1, 0], I), fed([1, 2], I), fed([1, 2], I))
two("floor_div_zero", lambda a, b: tf.floordiv(a, b, name="y"), fed([1, 2], I), fed([1, 0], I), fed([1, 2], I), fed([1, 2], I))
two("truncate_div_zero", lambda a, b: tf.truncatediv(a, b, name="y"), fed([1, 2], L), fed(0, L), fed([1, 2], L), fed([1, 2], L))
two("mod_zero", lambda a, b: tf.truncatemod(a, b, name="y"), fed([1, 2], I), fed([1, 0], I), fed([1, 2], I), fed([1, 2], I))
two("floor_mod_zero", lambda a, b: tf.floormod(a, b, name="y"), fed([1, 2], I), fed([1, 0], I), fed([1, 2], I), fed([1, 2], I))
two("pow_negative", lambda a, b: tf.pow(a, b, name="y"), fed([2, 2], I), fed([1, -1], I), fed([2, 2], I), fed([1, 3], I))
two("check_nan", lambda a, b: tf.check_numerics(a / b, "what was divided", name="y"), fed([0.0]), fed([0.0]), fed([1.0]), fed([2.0]))
two("check_inf", lambda a, b: tf.check_numerics(a / b, "what was divided", name="y"), fed([1.0]), fed([0.0]), fed([1.0]), fed([2.0]))
two("assertion", lambda a, b: tf.raw_ops.Assert(condition=tf.reduce_all(tf.equal(a, b)), data=[tf.constant("a and b differ:"), a, b], name="y"), ones(5), fed([1, 2, 3, 4, 5.5]), ones(2), ones(2))
raw["assertion"] = (lambda before: lambda: (lambda spec: dict(spec, bad=dict(spec["bad"], fetch="y"), good=dict(spec["good"], fetch="y")))(before()))(raw["assertion"])
two("cholesky", lambda a, b: tf.cholesky(a + b, name="y"), fed([[1.0, 2.0], [2.0, 1.0]]), fed(0.0), fed([[1.0, 0.0], [0.0, 1.0]]), fed(0.0))
two("matrix_inverse", lambda a, b: tf.matrix_inverse(a + b, name="y"), fed([[1.0, 1.0], [1.0, 1.0]]), fed(0.0), fed([[1.0, 0.0], [0.0, 1.0]]), fed(0.0))

@case
def tan_of_integers():
    tf.raw_ops.Tan(x=unknown("a", I), name="y")
    tf.constant(5.0, name="five")
    return dict(bad={"fetch": "y:0", "feed": {"a:0": fed([1], I)}}, good={"fetch": "five:0", "feed": {}}, init=[])


@case
def cycle():
    """A loop of two additions without a Merge or NextIteration."""
    x = tf.placeholder(tf.float32, [], name="x")
    a = tf.add(x, 1.0, name="a")
    b = tf.add(a, 1.0, name="y")
    a.op._update_input(0, b)
    return dict(imports=False)


# ---- strings and files


def one(name, op, bad, good):
    def build():
        op(unknown("a", bad["dtype"]))
        return runs("y:0", {"a:0": bad}, {"a:0": good})

    raw[name] = build


one("string_to_number", lambda a: tf.string_to_number(a, name="y"), fed(["1.5", "one"], S), fed(["1.5", "2"], S))
one("string_to_int", lambda a: tf.string_to_number(a, tf.int32, name="y"), fed(["1", "9999999999"], S), fed(["1", "2"], S))
one("decode_raw_length", lambda a: tf.decode_raw(a, tf.int32, name="y"), fed(["abcde"], S), fed(["abcd"], S))
one("decode_raw_sizes", lambda a: tf.decode_raw(a, tf.uint8, name="y"), fed(["abcd", "ab"], S), fed(["abcd"], S))
one("decode_base64", lambda a: tf.decode_base64(a, name="y"), fed("a*b", S), fed("YWJj", S))
one("decode_png", lambda a: tf.image.decode_png(a, name="y"), fed("no image", S), fed("no image", S))
one("decode_csv", lambda a: tf.identity(tf.decode_csv(a, [[0], [0]], name="part")[0], name="y"), fed(["1,x"], S), fed(["1,2"], S))
one("decode_csv_count", lambda a: tf.identity(tf.decode_csv(a, [[0], [0]], name="part")[0], name="y"), fed(["1"], S), fed(["1,2"], S))
one("substr", lambda a: tf.substr(a, 5, 1, name="y"), fed(["abc"], S), fed(["abcdef"], S))
one("parse_example", lambda a: tf.identity(tf.parse_example(a, {"f": tf.FixedLenFeature([1], tf.float32)}, name="parse")["f"], name="y"), fed(["not an example"], S), fed([tf.train.Example(features=tf.train.Features(feature={"f": tf.train.Feature(float_list=tf.train.FloatList(value=[2.0]))})).SerializeToString().decode("latin1")], S))
one("parse_example_missing", lambda a: tf.identity(tf.parse_example(a, {"f": tf.FixedLenFeature([1], tf.float32)}, name="parse")["f"], name="y"), fed([""], S), fed([""], S))
one("parse_tensor", lambda a: tf.parse_tensor(a, tf.float32, name="y"), fed("\x01\x02\x03", S), fed("\x01\x02\x03", S))
one("read_file", lambda a: tf.read_file(a, name="y"), fed("no/such/file", S), fed("no/such/file", S))
one("restore", lambda a: tf.identity(gen_io_ops.restore_v2(a, ["v"], [""], [tf.float32], name="restore")[0], name="y"), fed("no/such/checkpoint", S), fed("no/such/checkpoint", S))
for unmendable in ["decode_png", "parse_example_missing", "parse_tensor", "read_file", "restore"]:  # the good run is another node's

    def build(before=raw[unmendable]):
        spec = before()
        tf.constant(5.0, name="five")
        return dict(spec, good={"fetch": "five:0", "feed": {}})

    raw[unmendable] = build

# ---- what is asked for


def asked(name, bad, good, **more):
    def build():
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        tf.placeholder(tf.int32, [], name="n")
        tf.multiply(x, 2.0, name="y")
        untaken, _ = control_flow_switch(tf.constant(1.5), tf.constant(True))
        tf.identity(untaken, name="dead")
        tf.constant(5.0, name="five")
        return dict(bad=bad, good=good, init=[], **more)

    raw[name] = build


def control_flow_switch(value, predicate):
    from tensorflow.python.ops import control_flow_ops

    return control_flow_ops.switch(value, predicate, name="switch")


fine = {"fetch": "y:0", "feed": {"x:0": ones(1, 3)}}
asked("feed_shape", {"fetch": "y:0", "feed": {"x:0": ones(2, 4)}}, fine)
asked("feed_rank", {"fetch": "y:0", "feed": {"x:0": ones(3)}}, fine)
asked("feed_missing", {"fetch": "y:0", "feed": {}}, fine)
asked("feed_unknown", {"fetch": "y:0", "feed": {"nothing:0": ones(3)}}, fine)
asked("feed_output", {"fetch": "y:0", "feed": {"x:1": ones(3)}}, fine)
asked("feed_operation", {"fetch": "y:0", "feed": {"x": ones(3)}}, fine)
asked("fetch_unknown", {"fetch": "nothing:0", "feed": {}}, fine)
asked("fetch_unknown_operation", {"fetch": "nothing", "feed": {}}, fine)
asked("fetch_output", {"fetch": "y:3", "feed": {}}, fine)
asked("fetch_ill_formed", {"fetch": "y:0:1", "feed": {}}, fine)
asked("fetch_dead", {"fetch": "dead:0", "feed": {}}, fine)
asked("fetch_dead_switch", {"fetch": "switch:0", "feed": {}}, fine)
asked("fetch_fed_dead", {"fetch": ["five:0", "dead:0"], "feed": {}}, fine)

# ---- variables


@case
def uninitialized_ref():
    v = tf.Variable([1.0, 2.0], name="v")
    tf.multiply(v, 2.0, name="y")
    tf.constant(5.0, name="five")
    return dict(bad={"fetch": "y:0", "feed": {}}, good={"fetch": "five:0", "feed": {}}, init=[])


@case
def uninitialized_resource():
    v = tf.get_variable("v", initializer=[1.0, 2.0], use_resource=True)
    tf.multiply(v, 2.0, name="y")
    tf.constant(5.0, name="five")
    return dict(bad={"fetch": "y:0", "feed": {}}, good={"fetch": "five:0", "feed": {}}, init=[])


def update(name, op, kind, bad, good):
    """An update of a variable [1, 2, 3] that fails; the good run is another update, and its value shows that the first changed nothing."""

    def build():
        v = tf.get_variable("v", initializer=[1.0, 2.0, 3.0], use_resource=kind == "resource", validate_shape=True)
        tf.group(op(v, unknown("a", bad["dtype"])), name="step")
        tf.identity(v.read_value(), name="value")
        return dict(bad={"fetch": "step", "feed": {"a:0": bad}}, good={"fetch": "value:0", "feed": {}}, init=["init"])

    raw[name] = build


update("assign_shape", lambda v, a: tf.assign(v, a, name="y"), "ref", ones(2), ones(3))
update("assign_add_shape", lambda v, a: tf.assign_add(v, a, name="y"), "ref", ones(2), ones(3))
update("scatter_update", lambda v, a: tf.scatter_update(v, a, tf.fill(tf.shape(a), 9.0), name="y"), "ref", fed([0, 3], I), fed([0], I))
update("scatter_add_resource", lambda v, a: tf.scatter_add(v, a, tf.fill(tf.shape(a), 9.0), name="y"), "resource", fed([0, 3], I), fed([0], I))
update("assign_add_resource", lambda v, a: v.assign_add(a, name="y"), "resource", ones(2), ones(3))
update("gradient_descent_shape", lambda v, a: tf.raw_ops.ApplyGradientDescent(var=v, alpha=0.5, delta=a, name="y"), "ref", ones(2), ones(3))
update("resource_gather", lambda v, a: tf.gather(v, a, name="y"), "resource", fed([5], I), fed([0], I))
raw["resource_gather"] = (lambda build: lambda: dict(build(), bad={"fetch": "y:0", "feed": {"a:0": fed([5], I)}}))(raw["resource_gather"])

# ---- queues, iterators, time


@case
def queue_closed():
    q = tf.FIFOQueue(10, tf.float32, [[]], shared_name="q", name="q")
    q.close(name="close")
    q.dequeue(name="y")
    tf.identity(q.size(), name="size")
    return dict(bad={"fetch": "y:0", "feed": {}}, good={"fetch": "size:0", "feed": {}}, init=["close"])


@case
def queue_enqueue_closed():
    q = tf.FIFOQueue(10, tf.float32, [[]], shared_name="q", name="q")
    q.close(name="close")
    q.enqueue(1.0, name="y")
    tf.identity(q.size(), name="size")
    return dict(bad={"fetch": "y", "feed": {}}, good={"fetch": "size:0", "feed": {}}, init=["close"])


@case
def queue_too_few():
    q = tf.FIFOQueue(10, tf.float32, [[]], shared_name="q", name="q")
    q.close(name="close")
    q.enqueue_many([[1.0, 2.0]], name="put")
    q.dequeue_many(3, name="y")
    tf.identity(q.size(), name="size")
    return dict(bad={"fetch": "y:0", "feed": {}}, good={"fetch": "size:0", "feed": {}}, init=["put", "close"])


@case
def queue_negative():
    q = tf.FIFOQueue(10, tf.float32, [[]], shared_name="q", name="q")
    q.enqueue_many([[1.0, 2.0]], name="put")
    q.dequeue_many(tf.placeholder(tf.int32, [], name="n"), name="y")
    return runs("y:0", {"n:0": fed(-1, I)}, {"n:0": fed(2, I)}, init=["put"])


@case
def queue_shapes():
    q = tf.FIFOQueue(10, tf.float32, [[2]], shared_name="q", name="q")
    q.enqueue(unknown("a"), name="y")
    return runs("y", {"a:0": ones(3)}, {"a:0": ones(2)})


@case
def queue_no_shapes():
    q = tf.FIFOQueue(10, tf.float32, shared_name="q", name="q")
    q.enqueue(1.0, name="put")
    tf.raw_ops.QueueDequeueManyV2(handle=q.queue_ref, n=1, component_types=[tf.float32], name="y")
    tf.identity(q.size(), name="size")
    return dict(bad={"fetch": "y:0", "feed": {}}, good={"fetch": "size:0", "feed": {}}, init=["put"])


@case
def timeout():
    q = tf.FIFOQueue(10, tf.float32, [[]], shared_name="q", name="q")
    q.enqueue(unknown("a"), name="put")
    q.dequeue(name="y")
    tf.identity(q.size(), name="size")
    return dict(bad={"fetch": "y:0", "feed": {}, "timeout": 200}, good={"fetch": "size:0", "feed": {}}, init=[])


@case
def iterator_end():
    it = tf.data.make_initializable_iterator(tf.data.Dataset.range(0), "it")
    tf.identity(it.get_next(), name="y")
    tf.constant(5.0, name="five")
    return dict(bad={"fetch": "y:0", "feed": {}}, good={"fetch": "five:0", "feed": {}}, init=[it.initializer.name])


@case
def iterator_uninitialized():
    it = tf.data.make_initializable_iterator(tf.data.Dataset.range(2), "it")
    tf.identity(it.get_next(), name="y")
    tf.constant(5.0, name="five")
    return dict(bad={"fetch": "y:0", "feed": {}}, good={"fetch": "five:0", "feed": {}}, init=[])


@case
def table_uninitialized():
    from tensorflow.python.ops import lookup_ops

    table = lookup_ops.HashTable(lookup_ops.KeyValueTensorInitializer(["a"], np.array([1], np.int64)), -1)
    tf.identity(table.lookup(tf.constant(["a"])), name="y")
    tf.constant(5.0, name="five")
    return dict(bad={"fetch": "y:0", "feed": {}}, good={"fetch": "five:0", "feed": {}}, init=[])


@case
def tensor_array_index():
    ta = tf.TensorArray(tf.float32, 2, element_shape=[])
    tf.identity(ta.write(tf.placeholder(tf.int32, [], name="n"), 4.0).flow, name="y")
    return dict(bad={"fetch": "y:0", "feed": {"n:0": fed(2, I)}}, good={"fetch": "y:0", "feed": {"n:0": fed(1, I)}}, init=[], flow=True)


@case
def tensor_array_unwritten():
    ta = tf.TensorArray(tf.float32, 2)
    tf.identity(ta.read(tf.placeholder(tf.int32, [], name="n")), name="y")
    tf.constant(5.0, name="five")
    return dict(bad={"fetch": "y:0", "feed": {"n:0": fed(0, I)}}, good={"fetch": "five:0", "feed": {}}, init=[])


# ---- the runs


def run(session, step):
    options = tf.RunOptions(timeout_in_ms=step.get("timeout", 0))
    return session.run(step["fetch"], {name: value_of(feed) for name, feed in step["feed"].items()}, options=options)


def failure(session, step):
    try:
        run(session, step)
    except tf.errors.OpError as error:
        code = errors_impl._EXCEPTION_CLASS_TO_CODE[type(error)]
        name = next(k for k, v in vars(tf.errors).items() if k.isupper() and v == code)
        return {"code": name, "message": error.message, "node": error.op.name if error.op is not None else None}
    except (ValueError, KeyError, TypeError) as error:
        return {"code": type(error).__name__, "message": str(error.args[0]), "node": None}
    return None


def import_failure(path):
    try:
        with tf.Graph().as_default():
            tf.train.import_meta_graph(path)
    except ValueError as error:
        return {"code": "ValueError", "message": str(error), "node": None}
    return None


cases = {}
for name, build in raw.items():
    with tf.Graph().as_default():
        spec = build()
        if "init" in spec.get("init", []):
            tf.group(tf.global_variables_initializer(), name="init")
        tf.train.export_meta_graph(os.path.join(folder, name + ".meta"))
        if not spec.get("imports", True):
            cases[name] = {"failure": import_failure(os.path.join(folder, name + ".meta"))}
            continue
        with tf.Session() as session:
            for target in spec["init"]:
                session.run(target)
            spec["failure"] = failure(session, spec["bad"])
            value = run(session, spec["good"])
        array = np.array([] if value is None else value).reshape(-1)
        spec["value"] = [v.decode() for v in array] if array.dtype.kind in "OS" else array.astype(float).tolist()
    cases[name] = spec
with open(os.path.join(folder, "cases.json"), "w") as f:
    json.dump(cases, f)

"""checkpoints.py: a peer that answers requests, a JSON document a line, so that rounds take turns with other programs.

{"do": "prepare", "folder": F, "variables": N, "elements": M}
{"do": "save"} {"do": "restore"}: seconds
{"do": "open", "prefix": P, "key": K}: seconds for a new reader and one tensor of it
"""
import json, os, sys, time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import warnings

warnings.filterwarnings("ignore")
import tensorflow as tf

v1 = tf.compat.v1
if hasattr(v1, "disable_v2_behavior"):
    v1.disable_v2_behavior()
v1.logging.set_verbosity(v1.logging.ERROR)
state = {}


def prepare(folder, variables, elements):
    graph = tf.Graph()
    with graph.as_default():
        for i in range(variables):
            v1.get_variable("v%03d" % i, [elements], initializer=v1.random_uniform_initializer())
        saver, init = v1.train.Saver(), v1.global_variables_initializer()
    session = v1.Session(graph=graph)
    session.run(init)
    state.update(saver=saver, session=session, prefix=os.path.join(folder, "tensorflow"))


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def answer(request):
    do = request.pop("do")
    if do == "prepare":
        return prepare(**request)
    if do == "save":
        return timed(lambda: state["saver"].save(state["session"], state["prefix"], write_meta_graph=False))
    if do == "restore":
        return timed(lambda: state["saver"].restore(state["session"], state["prefix"]))
    if do == "open":
        return timed(lambda: v1.train.NewCheckpointReader(request["prefix"]).get_tensor(request["key"]))
    raise ValueError(do)


print(json.dumps(tf.__version__), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)

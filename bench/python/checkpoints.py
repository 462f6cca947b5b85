"""checkpoints.py: a peer that answers requests, a JSON document a line, so that rounds take turns with other programs.

{"do": "prepare", "folder": F, "variables": N, "elements": M}
{"do": "save"} {"do": "restore"}: seconds
{"do": "open", "prefix": P, "key": K}: seconds for a new reader and one tensor of it
{"do": "graph", "kind": K, "path": P, "out": O}, then {"do": "graph work"}: seconds of an import or export (src/graphs.ts)
{"do": "peak"}: the most resident memory so far, MiB
"""
import json, os, resource, sys, time

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


def import_graph(path, scope=None):
    graph = tf.Graph()
    with graph.as_default():
        v1.train.import_meta_graph(path, import_scope=scope)
    return graph


def export_graph(graph, out):
    with graph.as_default():
        v1.train.export_meta_graph(out, graph=graph)


def prepare_graph(kind, path, out):
    if kind == "import":
        state["work"] = lambda: import_graph(path)
        return
    graph = import_graph(path, "renamed" if "renamed" in kind else None)
    state["work"] = lambda: export_graph(graph, out)


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
    if do == "graph":
        return prepare_graph(**request)
    if do == "graph work":
        return timed(state["work"])
    if do == "peak":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    raise ValueError(do)


print(json.dumps(tf.__version__), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)

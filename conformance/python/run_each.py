"""run_each.py GRAPH.pb FETCHES.json OUT.json: each fetch (a tensor's name, or an operation's) of a GraphDef in one session, in order: its value, or the
class and first line of its error."""
import json, sys
from tensorflow_v1 import tf

definition = tf.GraphDef()
with open(sys.argv[1], "rb") as f:
    definition.ParseFromString(f.read())
results = []
with tf.Graph().as_default(), tf.Session() as session:
    tf.import_graph_def(definition, name="")
    for fetch in json.load(open(sys.argv[2])):
        try:
            value = session.run(fetch)
            results.append({"value": None if value is None else value.tolist()})
        except tf.errors.OpError as error:
            results.append({"error": type(error).__name__, "message": error.message.split("\n")[0]})
json.dump(results, open(sys.argv[3], "w"))

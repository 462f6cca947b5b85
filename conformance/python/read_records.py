"""read_records.py SPEC.json OUT.json: records of files ([path, "" | "GZIP" | "ZLIB"]) in hex, events of event files as text of their fields."""
import json, sys
from tensorflow_v1 import tf

spec = json.load(open(sys.argv[1]))
kinds = {"": 0, "ZLIB": 1, "GZIP": 2}
result = {"records": [], "events": []}
for path, compression in spec["records"]:
    options = tf.python_io.TFRecordOptions(kinds[compression])
    result["records"].append([bytes(r).hex() for r in tf.python_io.tf_record_iterator(path, options)])
for path in spec["events"]:
    result["events"].append([
        {"what": event.WhichOneof("what"), "step": str(event.step), "wall_time": event.wall_time,
         "values": [[v.tag, v.simple_value] for v in event.summary.value],
         "nodes": len(tf.GraphDef.FromString(event.graph_def).node) if event.graph_def else 0}
        for event in tf.train.summary_iterator(path)])
json.dump(result, open(sys.argv[2], "w"))

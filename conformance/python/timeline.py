"""timeline.py METADATA OUT: what TensorFlow's own timeline makes of a RunMetadata, for each choice of what to show, as JSON."""
import itertools, json, sys

from tensorflow.core.protobuf import config_pb2
from tensorflow.python.client import timeline

with open(sys.argv[1], "rb") as file:
    data = file.read()
out = []
for dataflow, memory in itertools.product([True, False], repeat=2):
    shown = timeline.Timeline(config_pb2.RunMetadata.FromString(data).step_stats)
    analysis = shown.analyze_step_stats(show_dataflow=dataflow, show_memory=memory)
    out.append(
        {
            "trace": analysis.chrome_trace.format_to_string(pretty=True),
            "maximums": {
                name: [most.timestamp, most.num_bytes, sorted(most.tensors)]
                for name, most in analysis.allocator_maximums.items()
            },
        }
    )
with open(sys.argv[2], "w") as file:
    json.dump(out, file)

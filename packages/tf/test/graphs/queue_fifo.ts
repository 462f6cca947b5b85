// Queues by hand: FIFO, padding, random shuffle and priority queues, a QueueRunner, dequeue_many, close, size.
import type { Graph } from "@org/graph";
import * as tf from "@org/ops";
import { Saver } from "@org/saver";
import { addQueueRunner, QueueRunner } from "@org/train";
import { Variable } from "@org/variables";

const { mul } = tf.operator;

export function build(graph: Graph): Saver {
  tf.setRandomSeed(13);
  const image = tf.placeholder("float32", [4], { name: "image" });
  const label = tf.placeholder("int32", [], { name: "label" });
  const queue = new tf.FIFOQueue(32, ["float32", "int32"], {
    shapes: [[4], []],
    names: ["image", "label"],
    name: "examples",
  });
  const enqueue = queue.enqueue({ image, label });
  const many = queue.enqueueMany({ image: tf.zeros([3, 4]), label: [1, 2, 3] }, { name: "fill" });
  addQueueRunner(new QueueRunner(queue, [enqueue, many]));
  const batch = queue.dequeueMany(8, { name: "batch" });
  queue.dequeueUpTo(2);
  const shuffled = new tf.RandomShuffleQueue(100, 10, "float32", { shapes: [4], seed: 6 });
  const put = shuffled.enqueueMany(batch.image!);
  const runner = new QueueRunner(shuffled, [put, put], {
    queueClosedExceptionTypes: ["OUT_OF_RANGE", "CANCELLED"],
  });
  addQueueRunner(runner, "other_runners");
  const padded = new tf.PaddingFIFOQueue(5, ["int64"], { shapes: [[null, 2]], sharedName: "padded" });
  padded.enqueue(tf.ones([3, 2], "int64"));
  const ragged = padded.dequeueMany(2);
  const ordered = new tf.PriorityQueue(10, ["string"], { shapes: [[]] });
  ordered.enqueue([tf.constant(3, "int64"), "three"]);
  const [priority, text] = ordered.dequeue();
  const picked = tf.QueueBase.fromList(tf.constant(0, "int32"), [queue, queue]);
  tf.summary.scalar("fraction", mul(tf.cast(queue.size(), "float32"), 1 / 32));
  const w = new Variable(tf.zeros([4, 1]), { name: "w" });
  tf.matmul(shuffled.dequeueMany(2), w, { name: "out" });
  for (const t of [batch.label, ragged, priority, text, picked.queueRef])
    graph.addToCollection("dequeued", t);
  graph.addToCollection("close", queue.close({ cancelPendingEnqueues: true }));
  return new Saver();
}

// Our own collection types pass the published suite.
import { CondContext, createOpRegistry, type Operation, WhileContext } from "@org/graph";
import { opDefs } from "@org/graph/op-defs";
import { type IVariableDef, VariableDef } from "@org/proto";
import { describe, it } from "vitest";
import {
  type CollectionType,
  condContextType,
  QueueRunner,
  queueRunnersType,
  whileContextType,
} from "../src/index.ts";
import { testCollectionType } from "../src/testing.ts";

const ops = createOpRegistry(opDefs());
const bool = { attrs: { dtype: "bool", shape: [] } };

testCollectionType({
  describe,
  it,
  name: "queue_runners",
  type: queueRunnersType,
  ops,
  create: (graph) => {
    const noOp = (name: string): Operation => graph.createOp("NoOp", [], { name });
    const queue = noOp("queue");
    return [
      new QueueRunner({
        queue,
        enqueueOps: [noOp("enqueue"), noOp("enqueue")],
        closeOp: noOp("close"),
        cancelOp: noOp("cancel"),
      }),
      new QueueRunner({ queue, enqueueOps: [], queueClosedExceptionTypes: ["OUT_OF_RANGE", "CANCELLED"] }),
    ];
  },
  describeItem: (runner) => [
    runner.name,
    runner.enqueueOps.map((op) => op.name),
    runner.closeOp?.name,
    runner.cancelOp?.name,
    runner.queueClosedExceptionTypes,
  ],
});

testCollectionType({
  describe,
  it,
  name: "cond_context",
  type: condContextType,
  ops,
  create: (graph) => {
    const pred = graph.createOp("Placeholder", [], { ...bool, name: "pred" }).outputs[0]!;
    const pivot = graph.createOp("Identity", [pred], { name: "pivot" }).outputs[0]!;
    const context = new CondContext(pred, pivot, 1, graph.uniqueName("cond/text"));
    context.externalValues.set(pred.name, pivot);
    graph.withControlFlowContext(context, () => graph.createOp("NoOp", []));
    return [context];
  },
  describeItem: (context) => [
    context.name,
    context.pred.name,
    context.pivot.name,
    context.branch,
    [...context.values].sort(),
    [...context.externalValues].map(([key, tensor]) => [key, tensor.name]),
    context.pivot.op.controlFlowContext === context,
  ],
});

testCollectionType({
  describe,
  it,
  name: "while_context",
  type: whileContextType,
  ops,
  create: (graph) => {
    const placeholder = (name: string) => graph.createOp("Placeholder", [], { ...bool, name }).outputs[0]!;
    const context = new WhileContext({
      graph,
      name: graph.uniqueName("while/ctx"),
      parallelIterations: 4,
      backProp: true,
      swapMemory: false,
    });
    const start = placeholder("start");
    const enter = graph.createOp("Enter", [start], { name: "enter", attrs: { frame_name: context.name } })
      .outputs[0]!;
    context.pivot = placeholder("pivot");
    context.pivotForPred = placeholder("for_pred");
    context.pivotForBody = placeholder("for_body");
    context.loopEnters = [enter];
    context.loopExits = [graph.createOp("Exit", [enter], { name: "exit" }).outputs[0]!];
    context.values.add(enter.name);
    return [context];
  },
  describeItem: (context) => [
    context.name,
    context.parallelIterations,
    context.backProp,
    context.pivot?.name,
    context.pivotForPred?.name,
    context.pivotForBody?.name,
    context.loopEnters.map((tensor) => [tensor.name, tensor.op.attrs.string("frame_name")]),
    context.loopExits.map((tensor) => tensor.name),
    [...context.values],
  ],
});

interface Settings {
  readonly trainable: boolean;
}

/** A type whose items name no nodes, in a message that TensorFlow has. */
const settings: CollectionType<Settings, IVariableDef> = {
  key: "my_settings",
  protoType: VariableDef,
  toProto: ({ trainable }) => ({ trainable }),
  fromProto: (proto) => ({ trainable: proto.trainable ?? false }),
};

testCollectionType({
  describe,
  it,
  name: "settings without nodes",
  type: settings,
  ops,
  scopeFree: true,
  create: () => [{ trainable: true }],
  describeItem: ({ trainable }) => trainable,
});

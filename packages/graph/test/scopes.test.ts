// What ops take from the scopes that they are made under. Names and devices are compared with what TensorFlow 1.15.5
// gave for the same program (graphs/name_scopes, graphs/device_placement of the golden files).
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import {
  canonicalDevice,
  createOpRegistry,
  Graph,
  mergeDevices,
  type Operation,
  parseDevice,
  type Tensor,
  WhileContext,
} from "../src/index.ts";
import { opDefs } from "../src/op-defs.ts";

const ops = createOpRegistry(opDefs());
let graph: Graph;
beforeEach(() => {
  graph = new Graph({ ops });
});

const constant = (name = "Const"): Tensor =>
  graph.createOp("Const", [], {
    name,
    attrs: { dtype: "float32", value: { dtype: "float32", shape: [], data: Float32Array.of(1) } },
  }).outputs[0]!;
const apply = (type: string, inputs: Tensor[], name?: string): Operation =>
  graph.createOp(type, inputs, name === undefined ? {} : { name });
const names = (): string[] => graph.getOperations().map((op) => op.name);

describe("names", () => {
  it("are those that TensorFlow gives: nesting, re-entry, the empty scope, case", () => {
    const scaled = (x: Tensor, name = "scaled"): Operation =>
      graph.nameScope(name, () =>
        graph.nameScope("Mul", (scope) => graph.createOp("Mul", [x, constant("y")], { name: scope })),
      );
    const a = constant();
    const b = constant();
    const s = graph.nameScope("s", (scope) => {
      apply("Add", [a, b]);
      apply("Add", [a, b], "add");
      graph.nameScope("s", () => {
        scaled(b);
        scaled(b, "mine");
      });
      return scope;
    });
    graph.nameScope("s", () => {
      constant("c");
      graph.nameScope(null, () => constant("c"));
    });
    graph.nameScope(s, () => {
      constant("c");
      constant("c");
    });
    constant("S/c");
    constant("s_2/");
    constant(graph.uniqueName("u"));
    constant(graph.uniqueName("u", false));
    expect(names()).toEqual(
      "Const Const_1 s/Add s/add_1 s/s/scaled/Mul/y s/s/scaled/Mul s/s/mine/Mul/y s/s/mine/Mul s_1/c c s/c s/c_1 S/c_2 s_2 u_1 u_2".split(
        " ",
      ),
    );
  });

  it("never repeat, whatever is asked for, and without regard to case", () => {
    const part = fc.constantFrom("a", "A", "b", "a_1", "a_2", "B_1");
    const action = fc.record({ name: part, scope: fc.option(part) });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
        const g = new Graph({ ops });
        for (const { name, scope } of actions) g.nameScope(scope, () => g.createOp("NoOp", [], { name }));
        const all = g.getOperations().map((op) => op.name.toLowerCase());
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });

  it("that are none are refused", () => {
    expect(() => apply("NoOp", [], "a b")).toThrow("'a b' is not a valid scope name");
    expect(() => graph.nameScope("_x", () => undefined)).toThrow("'_x' is not a valid scope name");
    expect(graph.nameScope("a", () => graph.nameScope("_x", (scope) => scope))).toBe("a/_x/");
    expect(() => graph.createOp("NoOp", [], { name: "a/" })).not.toThrow();
    expect(() => graph.createOp("NoOp", [], { name: "a/" })).toThrow("Duplicate node name in graph: 'a'");
  });

  it("leave scopes as they were after an error", () => {
    expect(() =>
      graph.nameScope("s", () => {
        throw new Error("inside");
      }),
    ).toThrow("inside");
    expect(graph.currentNameScope).toBe("");
  });
});

describe("devices", () => {
  it("are those that TensorFlow gives: merging, functions, null", () => {
    const onGpu = (op: Operation): string => (op.type === "MatMul" ? "/device:GPU:1" : "/cpu:0");
    graph.device("/job:worker/task:3", () => {
      const x = graph.createOp("Placeholder", [], { name: "x", attrs: { dtype: "float32", shape: [8, 8] } })
        .outputs[0]!;
      const z = graph.device("/gpu:0", () => {
        const y = apply("MatMul", [x, x]).outputs[0]!;
        return graph.device("/job:ps", () => {
          const sum = apply("AddV2", [y, y], "add").outputs[0]!;
          graph.device(null, () => apply("Neg", [sum]));
          return sum;
        });
      });
      graph.device(onGpu, () => apply("Sub", [apply("MatMul", [z, z]).outputs[0]!, z], "sub"));
    });
    expect(graph.getOperations().map((op) => `${op.name} ${op.device}`)).toEqual([
      "x /job:worker/task:3",
      "MatMul /job:worker/task:3/device:GPU:0",
      "add /job:ps/task:3/device:GPU:0",
      "Neg ",
      "MatMul_1 /job:worker/task:3/device:GPU:1",
      "sub /job:worker/task:3/device:CPU:0",
    ]);
  });

  it("of a colocated op are its group's, free of the scopes around; groups are sorted", () => {
    const b = graph.device("/job:ps", () => apply("NoOp", [], "b"));
    const a = apply("NoOp", [], "a");
    const x = graph.device("/cpu:3", () =>
      graph.colocateWith(b, () => graph.colocateWith(a, () => apply("NoOp", [], "x"))),
    );
    expect(x.device).toBe("/job:ps");
    expect(x.colocationGroups()).toEqual(["loc:@a", "loc:@b"]);
    const inner = graph.colocateWith(a, () => graph.device("/cpu:3", () => apply("NoOp", [], "y")));
    expect(inner.device).toBe("/device:CPU:3");
    const alone = graph.colocateWith(b, () =>
      graph.colocateWith(null, () => apply("NoOp", [], "z"), { ignoreExisting: true }),
    );
    expect(alone.colocationGroups()).toEqual(["loc:@z"]);
    expect(() => graph.colocateWith(null, () => undefined)).toThrow(
      "Trying to reset colocation (op is None) but ignore_existing is not True",
    );
  });

  it("of an op with a ref input are the variable's", () => {
    const v = graph.device("/job:ps", () =>
      graph.createOp("VariableV2", [], { attrs: { dtype: "float32", shape: [] } }),
    );
    const assign = graph.device("/job:worker", () => graph.createOp("Assign", [v.outputs[0]!, constant()]));
    expect(assign.device).toBe("/job:ps");
    expect(assign.colocationGroups()).toEqual(["loc:@VariableV2"]);
  });

  it("parse, merge and print as device_spec does", () => {
    expect(canonicalDevice("/gpu:1")).toBe("/device:GPU:1");
    expect(canonicalDevice("/job:a/replica:1/task:2/device:TPU:*")).toBe(
      "/job:a/replica:1/task:2/device:TPU:*",
    );
    expect(canonicalDevice("/cpu")).toBe("/device:CPU:*");
    expect(mergeDevices("/job:a/gpu:1", "/job:b/cpu:0")).toBe("/job:b/device:CPU:0");
    expect(mergeDevices("/task:1", "")).toBe("/task:1");
    expect(() => parseDevice("/cpu:0/gpu:0")).toThrow("Cannot specify multiple device types: /cpu:0/gpu:0");
    expect(() => graph.device("/jib:a", () => undefined)).toThrow("Unknown attribute: 'jib' in '/jib:a'");
    const device = fc.record({
      job: fc.option(fc.constantFrom("ps", "worker")),
      task: fc.option(fc.nat(9)),
      type: fc.option(fc.constantFrom("CPU:0", "GPU:1", "GPU:*")),
    });
    const text = device.map(
      ({ job, task, type }) =>
        `${job ? `/job:${job}` : ""}${task === null ? "" : `/task:${task}`}${type ? `/device:${type}` : ""}`,
    );
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(canonicalDevice(a)).toBe(a);
        expect(mergeDevices(a, mergeDevices(b, c))).toBe(mergeDevices(mergeDevices(a, b), c));
      }),
    );
  });
});

describe("control dependencies", () => {
  it("are dropped where an input has them, and where the input is the dependency", () => {
    const [a, b] = [constant("a"), constant("b")];
    graph.controlDependencies([a], () => {
      const first = apply("Neg", [b], "first");
      const second = apply("Neg", [first.outputs[0]!], "second");
      const third = apply("Neg", [a], "third");
      expect(first.controlInputs).toEqual([a.op]);
      expect(second.controlInputs).toEqual([]);
      expect(third.controlInputs).toEqual([]);
    });
  });

  it("add up, each once, sorted by name when written; null forgets them", () => {
    const [z, y] = [constant("z"), constant("y")];
    const op = graph.controlDependencies([z], () =>
      graph.controlDependencies(["y", z, y.op], () => apply("NoOp", [])),
    );
    expect(op.controlInputs).toEqual([z.op, y.op]);
    expect(op.toNodeDef().input).toEqual(["^y", "^z"]);
    const free = graph.controlDependencies([z], () =>
      graph.controlDependencies(null, () => apply("NoOp", [])),
    );
    expect(free.controlInputs).toEqual([]);
  });

  it("take only what the graph has", () => {
    expect(() => graph.controlDependencies(["gone"], () => undefined)).toThrow(
      "The name 'gone' refers to an Operation not in the graph.",
    );
    expect(() =>
      graph.controlDependencies([new Graph({ ops }).createOp("NoOp", [])], () => undefined),
    ).toThrow("is not an element of this graph.");
    expect(() => graph.controlDependencies([5 as never], () => undefined)).toThrow(TypeError);
  });
});

describe("loops", () => {
  it("are left by their exits alone", () => {
    const loop = new WhileContext({
      graph,
      name: "while",
      parallelIterations: 1,
      backProp: true,
      swapMemory: false,
    });
    const start = constant();
    const enter = loop.enterTensor(start, { isConstant: false });
    loop.fixEnters([enter]);
    loop.addName(enter.name);
    loop.pivotForPred = enter;
    const [inside, exit] = loop.enter(() => [
      apply("Neg", [enter], "inside"),
      graph.createOp("Exit", [enter]),
    ]) as [Operation, Operation];
    expect([...loop.values]).toEqual(["Enter:0", "inside:0", "Exit:0"]);
    const other = constant();
    const mixed = loop.enter(() => apply("Neg", [other], "mixed"));
    expect(mixed.inputs[0]!.op.type).toBe("Enter");
    expect(mixed.inputs[0]!.op.attrs.bool("is_constant")).toBe(true);
    expect(mixed.controlInputs).toEqual([enter.op]);
    expect(() => apply("Neg", [inside.outputs[0]!], "outside")).toThrow(
      "Cannot use 'inside' as input to 'outside' because 'inside' is in a while loop.",
    );
    expect(() => apply("Neg", [exit.outputs[0]!])).not.toThrow();
  });
});

describe("attributes from scopes", () => {
  it("are set where the op has none of that name", () => {
    const op = graph.withKernelAttrs({ _XlaCompile: { b: true }, T: { type: 3 } }, () =>
      graph.withKernelAttrs({ _scope: (made) => ({ s: new TextEncoder().encode(made.name) }) }, () =>
        apply("Neg", [constant()]),
      ),
    );
    expect(op.attrs.bool("_XlaCompile")).toBe(true);
    expect(op.attrs.type("T")).toBe("float32");
    expect(op.attrs.string("_scope")).toBe("Neg");
  });

  it("label kernels, override gradients, and name containers of stateful ops", () => {
    const [neg, variable] = graph.withKernelLabels({ Neg: "v2" }, () =>
      graph.gradientOverrideMap({ Neg: "Mine" }, () =>
        graph.container(
          "box",
          () =>
            [
              apply("Neg", [constant()]),
              graph.createOp("VariableV2", [], { attrs: { dtype: "float32", shape: [] } }),
            ] as const,
        ),
      ),
    );
    expect(neg.attrs.string("_kernel")).toBe("v2");
    expect(neg.attrs.string("_gradient_op_type")).toBe("Mine");
    expect(variable.attrs.string("container")).toBe("box");
  });
});

import { describe, expect, it } from "vitest";
import {
  AUTO_REUSE,
  constant,
  getVariable,
  getVariableScope,
  l2Loss,
  onesInitializer,
  operator,
  variableScope,
  zerosInitializer,
} from "../src/index.ts";
import { failure, inGraph } from "./in-graph.ts";

describe("variableScope", () => {
  it("stands before the names of variables, whatever the name scope", () => {
    inGraph((graph) => {
      const made = graph.nameScope("ops", () =>
        variableScope("a", () => variableScope("b", () => getVariable("v", [1]))),
      );
      expect(made.name).toBe("a/b/v:0");
      expect(getVariable("v", [1]).name).toBe("v:0");
    });
  });

  it("makes default names unique, and starts again in each outer scope", () => {
    inGraph(() => {
      const block = (): string => variableScope(null, ({ name }) => name, { defaultName: "block" });
      expect([block(), block()]).toEqual(["block", "block_1"]);
      expect([variableScope("a", block), variableScope("a", block)]).toEqual(["a/block", "a/block"]);
    });
  });

  it("hands down initializer, type and kind; the innermost counts", () => {
    inGraph(() => {
      variableScope(
        "a",
        () => {
          const outer = getVariable("v", [2]);
          expect([outer.dtype, outer.isResource, outer.initialValue!.op.name]).toEqual([
            "float64",
            true,
            "a/v/Initializer/ones",
          ]);
          const inner = variableScope("b", () => getVariable("v", [2]), { useResource: false });
          expect([inner.isResource, inner.dtype]).toEqual([false, "float64"]);
        },
        { initializer: onesInitializer(), dtype: "float64", useResource: true },
      );
    });
  });

  it("can be entered again by its object", () => {
    inGraph((graph) => {
      const scope = variableScope("a", (own) => own);
      const made = variableScope(scope, () => [getVariable("v", [1]).name, constant(1, { name: "c" }).name]);
      expect(made).toEqual(["a/v:0", "a_1/c:0"]);
      expect([getVariableScope(graph).name, scope.originalNameScope]).toEqual(["", "a/"]);
    });
  });

  it("lets a getter change what is returned", () => {
    inGraph(() => {
      const doubled = variableScope("d", () => getVariable("v", [2]), {
        customGetter: (getter, name, options) => operator.mul(getter(name, options), 2),
      });
      expect((doubled as unknown as { op: { type: string } }).op.type).toBe("Mul");
    });
  });
});

describe("getVariable", () => {
  it("shares where reuse says so", () => {
    inGraph(() => {
      const v = getVariable("v", [1]);
      expect(variableScope("", () => getVariable("v"), { reuse: AUTO_REUSE })).toBe(v);
      expect(failure(() => getVariable("v", [1]))).toBe(
        "ALREADY_EXISTS: Variable v already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?",
      );
      expect(failure(() => getVariable("w", [1], { reuse: true }))).toBe(
        "NOT_FOUND: Variable w does not exist, or was not created with tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in VarScope?",
      );
      expect(failure(() => getVariable("v", [2], { reuse: true }))).toBe(
        "INVALID_ARGUMENT: Trying to share variable v, but specified shape [2] and found shape [1].",
      );
      expect(failure(() => getVariable("v", [1], { reuse: true, dtype: "int32" }))).toBe(
        "INVALID_ARGUMENT: Trying to share variable v, but specified dtype int32 and found dtype float32.",
      );
    });
  });

  it("starts integers at zero, and takes values with their shape", () => {
    inGraph((graph) => {
      expect(getVariable("n", [2], { dtype: "int32" }).initialValue!.op.name).toBe("n/Initializer/zeros");
      const value = getVariable("c", { initializer: constant([1, 2, 3]), trainable: false });
      expect(value.shape.dims).toEqual([3]);
      expect(graph.getCollection("trainable_variables")).toHaveLength(1);
      expect(graph.getCollection("variables")).toHaveLength(2);
    });
  });

  it("puts what a regularizer makes into its collection", () => {
    inGraph((graph) => {
      const options = { regularizer: (v: unknown) => l2Loss(v as never), initializer: zerosInitializer() };
      variableScope("a", () => getVariable("w", [2], options));
      const [loss] = graph.getCollection("regularization_losses") as [{ name: string }];
      expect(loss.name).toBe("a/w/Regularizer/L2Loss:0");
    });
  });

  it("refuses what does not fit", () => {
    inGraph(() => {
      expect(failure(() => getVariable("a"))).toBe(
        "INVALID_ARGUMENT: Shape of a new variable (a) must be fully defined, but instead was <unknown>.",
      );
      expect(failure(() => getVariable("b", [2], { initializer: constant([1, 2]) }))).toBe(
        "INVALID_ARGUMENT: If initializer is a constant, do not specify shape.",
      );
      expect(failure(() => getVariable("c", { dtype: "int32", initializer: constant([1, 2]) }))).toBe(
        "INVALID_ARGUMENT: Initializer type 'float32' and explicit dtype 'int32' don't match.",
      );
      expect(failure(() => variableScope(null, () => 0))).toMatch(/^TypeError/);
    });
    expect(failure(() => getVariable("e", [1]))).toMatch(/^TypeError: No graph/);
  });
});

describe("control flow", () => {
  it("has shapes", () => {
    inGraph((graph) => {
      const [a, b] = [constant([[1, 2, 3]]), constant([[1, 2]])];
      const pred = constant(true);
      const branches = graph.createOp("Switch", [a, pred]).outputs;
      expect(branches.map(({ shape }) => `${shape}`)).toEqual(["[1,3]", "[1,3]"]);
      const merged = graph.createOp("Merge", [[a, b]]).outputs;
      expect(merged.map(({ shape }) => `${shape}`)).toEqual(["[1,?]", "[]"]);
      const enter = (constant: boolean): string =>
        `${graph.createOp("Enter", [a], { attrs: { frame_name: "f", is_constant: constant } }).outputs[0]!.shape}`;
      expect([enter(true), enter(false)]).toEqual(["[1,3]", "<unknown>"]);
      expect(
        failure(() =>
          graph.createOp("Switch", [a, graph.createOp("Fill", [constant([1], "int32"), pred]).outputs[0]!]),
        ),
      ).toMatch(/^INVALID_ARGUMENT: Shape must be rank 0 but is rank 1/);
    });
  });
});

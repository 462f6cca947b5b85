import { Shape } from "@org/tensor";
import { describe, expect, it } from "vitest";
import {
  constant,
  fixedSizePartitioner,
  getVariable,
  minMaxVariablePartitioner,
  onesInitializer,
  PartitionInfo,
  variableAxisSizePartitioner,
  variableScope,
} from "../src/index.ts";
import { failure, inGraph } from "./in-graph.ts";

const two = fixedSizePartitioner(2);

describe("partitioners", () => {
  const f = (dims: readonly number[]) => [new Shape(dims), "float32"] as const;

  it("cut into a fixed number, never into more than there are rows", () => {
    expect(fixedSizePartitioner(3)(...f([10, 2]))).toEqual([3, 1]);
    expect(fixedSizePartitioner(3, 1)(...f([10, 2]))).toEqual([1, 2]);
  });

  it("cut by the size of a shard", () => {
    expect(variableAxisSizePartitioner(16)(...f([10, 2]))).toEqual([5, 1]);
    expect(variableAxisSizePartitioner(16, { maxShards: 3 })(...f([10, 2]))).toEqual([3, 1]);
    expect(variableAxisSizePartitioner(4)(...f([10, 2]))).toEqual([10, 1]);
    expect(variableAxisSizePartitioner(32)(new Shape([10, 2]), "string")).toEqual([10, 1]);
  });

  it("cut between a least size and a greatest number", () => {
    const options = { maxPartitions: 5, minSliceSize: 8 << 10 };
    expect(minMaxVariablePartitioner(options)(...f([100, 100]))).toEqual([5, 1]);
    expect(minMaxVariablePartitioner({ ...options, minSliceSize: 16 << 10 })(...f([100, 100]))).toEqual([
      3, 1,
    ]);
    expect(minMaxVariablePartitioner()(...f([100, 100]))).toEqual([1, 1]);
  });

  it("refuse axes and sizes that are none", () => {
    expect(failure(() => minMaxVariablePartitioner({ axis: 2 })(...f([1, 2])))).toBe(
      "INVALID_ARGUMENT: Can not partition variable along axis 2 when shape is only [1,2]",
    );
    expect(failure(() => variableAxisSizePartitioner(0))).toBe(
      "INVALID_ARGUMENT: Both max_shard_bytes and bytes_per_string_element must be positive.",
    );
    expect(failure(() => fixedSizePartitioner(2)(Shape.unknown, "float32"))).toMatch(/not fully defined/);
  });
});

describe("getVariable with a partitioner", () => {
  it("makes parts that a Saver knows as slices of one", () => {
    inGraph((graph) => {
      const whole = getVariable("w", [5, 2], { partitioner: two, initializer: onesInitializer() });
      expect(whole.variables.map(({ name, shape }) => `${name} ${shape}`)).toEqual([
        "w/part_0:0 [3,2]",
        "w/part_1:0 [2,2]",
      ]);
      expect(whole.variables.map((part) => part.saveSliceInfo!.spec)).toEqual(["5 2 0,3:0,2", "5 2 3,2:0,2"]);
      expect(graph.getOperationByName("w/part_1/Initializer/ones").type).toBe("Const");
    });
  });

  it("tells initializers which part they make", () => {
    inGraph(() => {
      const seen: unknown[] = [];
      getVariable("w", [5], {
        partitioner: two,
        initializer: (shape, _, partition) => {
          seen.push([shape, partition!.fullShape, partition!.varOffset, partition!.singleOffset(shape)]);
          return constant(new Float32Array(shape[0]!));
        },
      });
      expect(seen).toEqual([
        [[3], [5], [0], 0],
        [[2], [5], [3], 3],
      ]);
    });
  });

  it("slices an initial value", () => {
    inGraph((graph) => {
      const value = constant([
        [1, 2],
        [3, 4],
      ]);
      getVariable("c", { initializer: value, partitioner: fixedSizePartitioner(2, 1) });
      const { initialValue } = getVariable("d", [2], { initializer: [1, 2], partitioner: two }).variables[1]!;
      expect(graph.getOperationByName("c/part_1/PartitionedInitializer/Slice").inputs[0]).toBe(value);
      expect(initialValue!.op.name).toBe("d/part_1/PartitionedInitializer/Slice");
    });
  });

  it("gives bare numbers the variable's type, whole or in parts", () => {
    inGraph(() => {
      const types = [
        getVariable("a", { initializer: [1, 2] }),
        getVariable("b", { initializer: [1, 2], partitioner: two }),
        getVariable("c", { initializer: [1, 2], dtype: "int64" }),
        getVariable("d", { initializer: ["x"] }),
        getVariable("e", { initializer: Int16Array.of(1, 2), partitioner: two }),
      ].map(({ dtype }) => dtype);
      expect(types).toEqual(["float32", "float32", "int64", "string", "int16"]);
    });
  });

  it("takes the scope's partitioner, for all but scalars, and shares by name", () => {
    inGraph(() => {
      const make = () => variableScope("s", () => [getVariable("v", [4]), getVariable("x", [])]);
      const [v, x] = variableScope("", make, { partitioner: two });
      expect([String(v!.name), x!.name]).toEqual(["s/v", "s/x:0"]);
      const again = variableScope("s", () => getVariable("v", [4]), { reuse: true });
      expect(again).toBe(v);
    });
  });

  it("refuses partitions, reuse and shapes that do not fit", () => {
    inGraph(() => {
      getVariable("w", [4], { partitioner: two });
      getVariable("plain", [4]);
      const failures = [
        () => getVariable("w", [4], { partitioner: two }),
        () => getVariable("w", [4]),
        () => getVariable("w", [5], { partitioner: two, reuse: true }),
        () => getVariable("w", [4], { partitioner: fixedSizePartitioner(3), reuse: true }),
        () => getVariable("none", [4], { partitioner: two, reuse: true }),
        () => getVariable("plain", [4], { partitioner: two }),
        () => getVariable("a", [2, 2], { partitioner: () => [2] }),
        () => getVariable("b", [2, 2], { partitioner: () => [2, 2] }),
        () => getVariable("c", [2], { partitioner: () => [0] }),
        () => getVariable("d", { partitioner: two }),
      ].map((run) => failure(run).slice(0, 75));
      expect(failures).toEqual([
        "ALREADY_EXISTS: Partitioned variable with name w already exists. Did you me",
        "INVALID_ARGUMENT: No partitioner was provided, but a partitioned version of",
        "INVALID_ARGUMENT: Trying to reuse partitioned variable w, but specified sha",
        "INVALID_ARGUMENT: Trying to reuse partitioned variable w, but specified par",
        "NOT_FOUND: PartitionedVariable none does not exist, or was not created with",
        "INVALID_ARGUMENT: A partitioner was provided, but an unpartitioned version ",
        "INVALID_ARGUMENT: Partitioner returned a partition list that does not match",
        "INVALID_ARGUMENT: Can only slice a variable along one dimension: shape: [2,",
        "INVALID_ARGUMENT: Partitioner returned zero partitions for some axes: [0]",
        "INVALID_ARGUMENT: Shape of a new partitioned variable must be fully defined",
      ]);
    });
  });

  it("knows where a part is cut, and refuses one that does not fit", () => {
    const part = new PartitionInfo([4, 3], [2, 0]);
    expect([part.singleSliceDim([2, 3]), part.singleOffset([2, 3])]).toEqual([0, 2]);
    expect(new PartitionInfo([4, 3], [0, 0]).singleOffset([4, 3])).toBe(0);
    expect(failure(() => part.singleOffset([3, 3]))).toMatch(/would exceed self.full_shape=\[4,3\]/);
    expect(failure(() => part.singleOffset([2, 2]))).toMatch(/could be either dimension 1 or 0/);
    expect(failure(() => new PartitionInfo([4], [4]))).toMatch(/Expected 0 <= offset < shape/);
  });
});

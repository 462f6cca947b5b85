// The cases of TensorFlow's saved_model/utils_test.py.
import { isTensor } from "@org/graph";
import { constant, group, placeholder } from "@org/ops";
import { TensorInfo } from "@org/proto";
import { Variable } from "@org/variables";
import { describe, expect, it } from "vitest";
import {
  buildTensorInfo,
  buildTensorInfoFromOp,
  getElementFromTensorInfo,
  getTensorFromTensorInfo,
  type SparseTensor,
} from "../../src/index.ts";
import { failure, newGraph } from "../models.ts";

const [float, int32, int64] = [1, 3, 9];

const sparse = (shape: readonly number[] | undefined): SparseTensor => ({
  indices: placeholder("int64", [null, null], { name: "x/indices" }),
  values: placeholder("float32", [null], { name: "x/values" }),
  denseShape: shape
    ? constant([...shape], "int64", { name: "x/shape" })
    : placeholder("int64", [null], { name: "x/shape" }),
});

describe("building", () => {
  it("[utils_test/UtilsTest.testBuildTensorInfoOp] an operation by its name", () => {
    const graph = newGraph();
    const inputs = [constant(1, "int32", { graph, name: "x" }), constant(2, "int32", { graph, name: "y" })];
    const op = group(inputs, { name: "op_z" });
    const info = buildTensorInfoFromOp(op);
    expect(info).toMatchObject({ name: "op_z", dtype: 0, tensorShape: { dim: [], unknownRank: true } });
    expect(getElementFromTensorInfo(info, { graph })).toBe(op);
  });

  it("[utils_test/UtilsTest.testBuildTensorInfoDense] [utils_test/UtilsTest.testBuildTensorInfo] a tensor", () =>
    newGraph().asDefault(() => {
      const info = buildTensorInfo(placeholder("float32", [1], { name: "x" }));
      expect(info).toMatchObject({ name: "x:0", dtype: float, tensorShape: { dim: [{ size: 1n }] } });
      expect(info.tensorShape!.dim).toHaveLength(1);
    }));

  it("a ref variable is of the ref type, as TensorFlow writes it", () => {
    const info = buildTensorInfo(new Variable(5, { graph: newGraph(), name: "v", dtype: "int32" }));
    expect(info).toMatchObject({ name: "v:0", dtype: int32 + 100, tensorShape: { dim: [] } });
  });

  it("[utils_test/UtilsTest.testBuildTensorInfoSparse] a sparse tensor", () =>
    newGraph().asDefault(() => {
      expect(buildTensorInfo(sparse([42, 69]))).toMatchObject({
        name: null,
        cooSparse: {
          valuesTensorName: "x/values:0",
          indicesTensorName: "x/indices:0",
          denseShapeTensorName: "x/shape:0",
        },
        dtype: float,
        tensorShape: { dim: [{ size: 42n }, { size: 69n }] },
      });
      expect(buildTensorInfo({ ...sparse(undefined) }).tensorShape).toMatchObject({ unknownRank: true });
    }));

  it("[utils_test/UtilsTest.testBuildTensorInfoRagged] a ragged tensor, and back", () =>
    newGraph().asDefault(() => {
      const values = constant([1, 2, 3], "int32", { name: "values" });
      const rowSplits = constant([0, 2, 3], "int64", { name: "splits" });
      const info = buildTensorInfo({ values, rowSplits });
      expect(info.compositeTensor!.components).toMatchObject([
        { name: "values:0", dtype: int32, tensorShape: { dim: [{ size: 3n }] } },
        { name: "splits:0", dtype: int64, tensorShape: { dim: [{ size: 3n }] } },
      ]);
      // What TensorFlow 1.15.5 writes for tf.ragged.constant([[1, 2], [3]]).
      expect(info.compositeTensor!.typeSpec).toMatchObject({
        typeSpecClass: 3,
        typeSpecClassName: "RaggedTensorSpec",
        typeState: {
          tupleValue: {
            values: [
              { tensorShapeValue: { dim: [{ size: 2n }, { size: -1n }] } },
              { tensorDtypeValue: int32 },
              { int64Value: 1n },
              { tensorDtypeValue: int64 },
            ],
          },
        },
      });
      expect(getTensorFromTensorInfo(info)).toEqual({ values, rowSplits });
    }));

  it("a ragged tensor of two levels: the flat values, then row splits from the outermost", () =>
    newGraph().asDefault(() => {
      const tensor = {
        rowSplits: constant([0, 1, 2], "int64", { name: "outer" }),
        values: {
          rowSplits: constant([0, 2, 3], "int64", { name: "inner" }),
          values: constant([1, 2, 3], "int32", { name: "flat" }),
        },
      };
      const info = buildTensorInfo(tensor);
      expect(info.compositeTensor!.components.map(({ name }) => name)).toEqual([
        "flat:0",
        "outer:0",
        "inner:0",
      ]);
      const [shape, , rank] = info.compositeTensor!.typeSpec!.typeState!.tupleValue!.values;
      expect(shape!.tensorShapeValue!.dim.map(({ size }) => size)).toEqual([2n, -1n, -1n]);
      expect(rank!.int64Value).toBe(2n);
      expect(getTensorFromTensorInfo(info)).toEqual(tensor);
    }));
});

describe("finding", () => {
  it("[utils_test/UtilsTest.testGetTensorFromInfoDense] a tensor", () =>
    newGraph().asDefault(() => {
      const x = placeholder("float32", [1], { name: "x" });
      const found = getTensorFromTensorInfo(buildTensorInfo(x));
      expect(isTensor(found)).toBe(true);
      expect(found).toBe(x);
    }));

  it("[utils_test/UtilsTest.testGetTensorFromInfoSparse] a sparse tensor", () =>
    newGraph().asDefault(() => {
      const x = sparse(undefined);
      expect(getTensorFromTensorInfo(buildTensorInfo(x))).toEqual(x);
    }));

  it("[utils_test/UtilsTest.testGetTensorFromInfoInOtherGraph] in the graph that is passed", () => {
    const graph = newGraph();
    const x = graph.asDefault(() => placeholder("float32", [1], { name: "right" }));
    const other = newGraph();
    other.asDefault(() => {
      placeholder("float32", [1], { name: "other" });
      expect(getTensorFromTensorInfo(buildTensorInfo(x), { graph })).toBe(x);
    });
  });

  it("[utils_test/UtilsTest.testGetTensorFromInfoInScope] under the scope of an import", () => {
    const first = newGraph();
    const unscoped = first.asDefault(() =>
      first.nameScope("bar", () => buildTensorInfo(placeholder("float32", [1], { name: "x" }))),
    );
    expect(unscoped.name).toBe("bar/x:0");
    const second = newGraph();
    second.asDefault(() => {
      const expected = second.nameScope("foo", () =>
        second.nameScope("bar", () => placeholder("float32", [1], { name: "x" })),
      );
      expect(expected.name).toBe("foo/bar/x:0");
      expect(getTensorFromTensorInfo(unscoped, { importScope: "foo" })).toBe(expected);
    });
  });

  it("[utils_test/UtilsTest.testGetTensorFromInfoRaisesErrors] nothing, with an error", async () => {
    const graph = newGraph();
    const look = (info: TensorInfo) => failure(() => getTensorFromTensorInfo(info, { graph }));
    expect(await look(new TensorInfo({ name: "blah:0", dtype: float }))).toBe(
      "NOT_FOUND: The name 'blah:0' refers to a Tensor which does not exist. The operation, 'blah', does not exist in the graph.",
    );
    expect(await look(new TensorInfo({ dtype: float }))).toBe(
      "INVALID_ARGUMENT: Invalid TensorInfo.encoding: None",
    );
    const { compositeTensor } = buildTensorInfo({
      values: constant([1], "int32", { graph }),
      rowSplits: constant([0, 1], "int64", { graph }),
    });
    compositeTensor!.typeSpec!.typeSpecClass = 2;
    expect(await look(new TensorInfo({ compositeTensor }))).toMatch(
      /^UNIMPLEMENTED: No value type for TypeSpec/,
    );
  });
});

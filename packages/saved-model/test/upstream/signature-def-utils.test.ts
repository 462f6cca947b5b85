// The cases of TensorFlow's signature_def_utils_test.py.
import { add, constant, identity, placeholder } from "@org/ops";
import { type ITensorInfo, TensorInfo } from "@org/proto";
import { describe, expect, it } from "vitest";
import {
  buildSignatureDef,
  buildTensorInfo,
  classificationSignatureDef,
  isValidSignature,
  loadOpFromSignatureDef,
  opSignatureDef,
  predictSignatureDef,
  regressionSignatureDef,
  signatureConstants,
  supervisedEvalSignatureDef,
  supervisedTrainSignatureDef,
} from "../../src/index.ts";
import { failure, newGraph } from "../models.ts";

const [float, text, int32] = [1, 7, 3];

/** Name, type and dimensions of each TensorInfo. */
const shown = (infos: { readonly [key: string]: TensorInfo }) =>
  Object.fromEntries(
    Object.entries(infos).map(([key, { name, dtype, tensorShape }]) => [
      key,
      [name, dtype, tensorShape!.dim.map(({ size }) => Number(size))],
    ]),
  );

describe("building signatures", () => {
  const inGraph = <R>(body: () => R): R => newGraph().asDefault(body);

  it("[signature_def_utils_test/SignatureDefUtilsTest.testBuildSignatureDef] from TensorInfos", () =>
    inGraph(() => {
      const { inputs, outputs, methodName } = buildSignatureDef(
        { "foo-input": buildTensorInfo(placeholder("float32", [1], { name: "x" })) },
        { "foo-output": buildTensorInfo(placeholder("float32", null, { name: "y" })) },
        "foo-method-name",
      );
      expect(methodName).toBe("foo-method-name");
      expect(shown(inputs)).toEqual({ "foo-input": ["x:0", float, [1]] });
      expect(shown(outputs)).toEqual({ "foo-output": ["y:0", float, []] });
      expect(outputs["foo-output"]!.tensorShape!.unknownRank).toBe(true);
    }));

  it("[signature_def_utils_test/SignatureDefUtilsTest.testRegressionSignatureDef] for Regress", () =>
    inGraph(() => {
      const def = regressionSignatureDef(
        constant("a", "string", { name: "input-1" }),
        constant(2.2, "float32", { name: "output-1" }),
      );
      expect(def.methodName).toBe(signatureConstants.REGRESS_METHOD_NAME);
      expect(shown(def.inputs)).toEqual({ inputs: ["input-1:0", text, []] });
      expect(shown(def.outputs)).toEqual({ outputs: ["output-1:0", float, []] });
    }));

  it("[signature_def_utils_test/SignatureDefUtilsTest.testClassificationSignatureDef] for Classify", () =>
    inGraph(() => {
      const def = classificationSignatureDef(
        constant("a", "string", { name: "input-1" }),
        constant("b", "string", { name: "output-1" }),
        constant(3.3, "float32", { name: "output-2" }),
      );
      expect(def.methodName).toBe(signatureConstants.CLASSIFY_METHOD_NAME);
      expect(shown(def.inputs)).toEqual({ inputs: ["input-1:0", text, []] });
      expect(shown(def.outputs)).toEqual({
        classes: ["output-1:0", text, []],
        scores: ["output-2:0", float, []],
      });
    }));

  it("[signature_def_utils_test/SignatureDefUtilsTest.testPredictionSignatureDef] for Predict", () =>
    inGraph(() => {
      const named = (name: string, value: string) => constant(value, "string", { name });
      const def = predictSignatureDef(
        { "input-1": named("input-1", "a"), "input-2": named("input-2", "b") },
        { "output-1": named("output-1", "c"), "output-2": named("output-2", "d") },
      );
      expect(def.methodName).toBe(signatureConstants.PREDICT_METHOD_NAME);
      expect(shown(def.inputs)).toEqual({
        "input-1": ["input-1:0", text, []],
        "input-2": ["input-2:0", text, []],
      });
      expect(shown(def.outputs)).toEqual({
        "output-1": ["output-1:0", text, []],
        "output-2": ["output-2:0", text, []],
      });
    }));

  describe.each([
    ["Train", supervisedTrainSignatureDef, signatureConstants.SUPERVISED_TRAIN_METHOD_NAME],
    ["Eval", supervisedEvalSignatureDef, signatureConstants.SUPERVISED_EVAL_METHOD_NAME],
  ] as const)("for supervised learning: %s", (kind, build, method) => {
    const parts = () => {
      const inputs = {
        "input-1": constant("a", "string", { name: "input-1" }),
        "input-2": constant("b", "string", { name: "input-2" }),
      };
      const loss = { "loss-1": constant(0.45, "float32", { name: "loss-1" }) };
      const predictions = { classes: constant([100], "int32", { name: "classes" }) };
      const value = constant(100, "float32", { name: "metrics_val" });
      const metrics = {
        "metrics/value": value,
        "metrics/update_op": identity(value, { name: "metrics_op" }),
      };
      return { inputs, outputs: { loss, predictions, metrics } };
    };

    it(`[signature_def_utils_test/SignatureDefUtilsTest.test${kind}SignatureDef] loss, predictions and metrics are outputs`, () =>
      inGraph(() => {
        const { inputs, outputs } = parts();
        const def = build(inputs, outputs);
        expect(def.methodName).toBe(method);
        expect(shown(def.inputs)).toEqual({
          "input-1": ["input-1:0", text, []],
          "input-2": ["input-2:0", text, []],
        });
        expect(shown(def.outputs)).toEqual({
          "loss-1": ["loss-1:0", float, []],
          classes: ["classes:0", int32, [1]],
          "metrics/value": ["metrics_val:0", float, []],
          "metrics/update_op": ["metrics_op:0", float, []],
        });
      }));

    it(`[signature_def_utils_test/SignatureDefUtilsTest.test${kind}SignatureDefMissingInputs] inputs have to be there, of outputs some`, async () => {
      const { inputs, outputs } = inGraph(parts);
      expect(await failure(() => build({}, outputs))).toBe(
        `INVALID_ARGUMENT: ${method} inputs cannot be None or empty.`,
      );
      const { loss, metrics } = outputs;
      for (const [given, count] of [
        [{ loss }, 1],
        [{ metrics, loss }, 3],
      ] as const) {
        const def = build(inputs, given);
        expect(def.methodName).toBe(method);
        expect(Object.keys(def.outputs)).toHaveLength(count);
      }
    });
  });

  it("[signature_def_utils_test/SignatureDefUtilsTest.testOpSignatureDef] [signature_def_utils_test/SignatureDefUtilsTest.testLoadOpFromSignatureDef] of an op by name, and back", () => {
    const graph = newGraph();
    const op = add(constant(1, "int32", { graph }), 2, { name: "adding_1_and_2" });
    const def = opSignatureDef(op, "adding_1_and_2_key");
    expect(Object.keys(def.outputs)).toEqual(["adding_1_and_2_key"]);
    expect(def.outputs.adding_1_and_2_key!.name).toBe(op.name);
    expect(loadOpFromSignatureDef(def, "adding_1_and_2_key", { graph })).toBe(op);
  });

  it("refuses what TensorFlow Serving would, with its sentences", async () => {
    const graph = newGraph();
    const [strings, floats] = [constant("a", "string", { graph }), constant(1, "float32", { graph })];
    const cases: readonly (readonly [() => unknown, string])[] = [
      [() => regressionSignatureDef(null, floats), "Regression examples cannot be None."],
      [() => regressionSignatureDef("a" as never, floats), "Regression examples must be a string Tensor."],
      [() => regressionSignatureDef(strings, null), "Regression predictions cannot be None."],
      [() => regressionSignatureDef(floats, floats), "Regression examples must be a string Tensor."],
      [() => regressionSignatureDef(strings, strings), "Regression output must be a float Tensor."],
      [() => classificationSignatureDef(null, strings), "Classification examples cannot be None."],
      [() => classificationSignatureDef(strings), "Classification classes and scores cannot both be None."],
      [() => classificationSignatureDef(floats, strings), "Classification examples must be a string Tensor."],
      [() => classificationSignatureDef(strings, floats), "Classification classes must be a string Tensor."],
      [
        () => classificationSignatureDef(strings, null, strings),
        "Classification scores must be a float Tensor.",
      ],
      [() => predictSignatureDef({}, { y: floats }), "Prediction inputs cannot be None or empty."],
      [() => predictSignatureDef({ x: floats }, null), "Prediction outputs cannot be None or empty."],
    ];
    for (const [build, sentence] of cases) expect(await failure(build)).toBe(`INVALID_ARGUMENT: ${sentence}`);
    expect(await failure(() => buildTensorInfo(5 as never))).toMatch(/^TypeError: .*not 5$/);
  });
});

describe("isValidSignature", () => {
  const S: ITensorInfo = new TensorInfo({ name: "foobar", dtype: text });
  const F: ITensorInfo = new TensorInfo({ name: "foobar", dtype: float });
  type Infos = Record<string, ITensorInfo>;
  const { CLASSIFY_METHOD_NAME, REGRESS_METHOD_NAME, PREDICT_METHOD_NAME } = signatureConstants;
  const judged = (cases: readonly (readonly [Infos, Infos])[], method: string) =>
    cases.map(([inputs, outputs]) => isValidSignature(buildSignatureDef(inputs, outputs, method)));
  const all = (value: boolean, count: number) => new Array<boolean>(count).fill(value);

  it("[signature_def_utils_test/SignatureDefUtilsTest.testValidSignaturesAreAccepted] takes those of the three methods", () => {
    const classify: [Infos, Infos][] = [
      [{ inputs: S }, { classes: S, scores: F }],
      [{ inputs: S }, { classes: S }],
      [{ inputs: S }, { scores: F }],
    ];
    expect(judged(classify, CLASSIFY_METHOD_NAME)).toEqual(all(true, 3));
    expect(judged([[{ inputs: S }, { outputs: F }]], REGRESS_METHOD_NAME)).toEqual([true]);
    expect(
      judged(
        [
          [
            { foo: S, bar: F },
            { baz: S, qux: F },
          ],
        ],
        PREDICT_METHOD_NAME,
      ),
    ).toEqual([true]);
  });

  it("[signature_def_utils_test/SignatureDefUtilsTest.testInvalidMethodNameSignatureIsRejected] refuses another method, and none", () => {
    expect(judged([[{ inputs: S }, { classes: S, scores: F }]], "WRONG method name")).toEqual([false]);
    expect(judged([[{ inputs: S }, { classes: S }]], "toString")).toEqual([false]);
    expect(isValidSignature(undefined)).toBe(false);
  });

  it("[signature_def_utils_test/SignatureDefUtilsTest.testInvalidClassificationSignaturesAreRejected] refuses other types and keys for Classify", () => {
    const cases: [Infos, Infos][] = [
      [{ inputs: F }, { classes: S, scores: F }],
      [{ inputs: S }, { classes: F, scores: F }],
      [{ inputs: S }, { classes: S, scores: S }],
      [{}, { classes: S, scores: F }],
      [{ inputs_WRONG: S }, { classes: S, scores: F }],
      [{ inputs: S }, { classes_WRONG: S, scores: F }],
      [{ inputs: S }, {}],
      [{ inputs: S }, { classes: S, scores: F, extra_WRONG: S }],
    ];
    expect(judged(cases, CLASSIFY_METHOD_NAME)).toEqual(all(false, cases.length));
  });

  it("[signature_def_utils_test/SignatureDefUtilsTest.testInvalidRegressionSignaturesAreRejected] refuses other types and keys for Regress", () => {
    const cases: [Infos, Infos][] = [
      [{ inputs: F }, { outputs: F }],
      [{ inputs: S }, { outputs: S }],
      [{}, { outputs: F }],
      [{ inputs_WRONG: S }, { outputs: F }],
      [{ inputs: S }, { outputs_WRONG: F }],
      [{ inputs: S }, {}],
      [{ inputs: S }, { outputs: F, extra_WRONG: S }],
    ];
    expect(judged(cases, REGRESS_METHOD_NAME)).toEqual(all(false, cases.length));
  });

  it("[signature_def_utils_test/SignatureDefUtilsTest.testInvalidPredictSignaturesAreRejected] refuses Predict without inputs or outputs", () => {
    expect(
      judged(
        [
          [{}, { baz: S, qux: F }],
          [{ foo: S, bar: F }, {}],
        ],
        PREDICT_METHOD_NAME,
      ),
    ).toEqual([false, false]);
  });
});

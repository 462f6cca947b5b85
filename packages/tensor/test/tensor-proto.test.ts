import { create, decode, encode, type ITensorProto, TensorProto } from "@org/proto";
import { allocateData, type DType, dtypes, ndArray, tensorFromProto, tensorToProto } from "@org/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const throughWire = (proto: ITensorProto) => decode(TensorProto, encode(TensorProto, proto));
const numeric = (Object.keys(dtypes) as DType[]).filter((dtype) => dtypes[dtype].bytes > 0);

describe("tensorToProto and tensorFromProto", () => {
  for (const dtype of [...numeric, "string" as const])
    for (const encoding of ["python", "list", "content"] as const)
      it(`give ${dtype} back through ${encoding}`, () => {
        fc.assert(
          fc.property(fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 6 }), (values) => {
            const data = allocateData(dtype, values.length) as unknown[] | Float32Array;
            values.forEach((value, i) => {
              const { storage, kind } = dtypes[dtype];
              if (storage === "bytes") data[i] = Uint8Array.of(value, 0, 255);
              else if (storage === "i64" || storage === "u64") data[i] = BigInt(value);
              else data[i] = kind === "bool" ? value % 2 : dtype.endsWith("2") ? value % 2 : value;
            });
            const array = ndArray(dtype, [values.length, 1], data as never);
            expect(tensorFromProto(throughWire(tensorToProto(array, { encoding })))).toEqual(array);
          }),
        );
      });

  it("choose content or list as make_tensor_proto does", () => {
    const kindOf = (dtype: DType, shape: number[]) => {
      const { dtype: _d, tensorShape: _s, ...rest } = tensorToProto(ndArray(dtype, shape));
      return Object.keys(rest)[0];
    };
    expect(kindOf("float32", [])).toBe("floatVal");
    expect(kindOf("float32", [1])).toBe("floatVal");
    expect(kindOf("float32", [2])).toBe("tensorContent");
    expect(kindOf("int64", [2])).toBe("tensorContent");
    expect(kindOf("bool", [2])).toBe("boolVal");
    expect(kindOf("float16", [2])).toBe("halfVal");
    expect(kindOf("complex64", [2])).toBe("scomplexVal");
    expect(kindOf("uint16", [2])).toBe("intVal");
    expect(kindOf("string", [2])).toBe("stringVal");
  });

  it("repeat the last value of a short list and cut a long one", () => {
    const shape = { dim: [{ size: 2 }, { size: 2 }] };
    expect(tensorFromProto({ dtype: 1, tensorShape: shape, floatVal: [1, 2] }).data).toEqual(
      Float32Array.of(1, 2, 2, 2),
    );
    expect(tensorFromProto({ dtype: 8, tensorShape: shape, scomplexVal: [1, 2] }).data).toEqual(
      Float32Array.of(1, 2, 1, 2, 1, 2, 1, 2),
    );
    expect(tensorFromProto({ dtype: 9, tensorShape: shape, int64Val: [1n, 2n, 3n, 4n, 5n] }).data).toEqual(
      BigInt64Array.of(1n, 2n, 3n, 4n),
    );
    expect(tensorFromProto({ dtype: 3, tensorShape: shape }).data).toEqual(new Int32Array(4));
  });

  it.each<[string, ITensorProto, string]>([
    ["an unknown type", { dtype: 99 }, "Cannot parse tensor from proto: data type 99"],
    [
      "an unknown dimension",
      { dtype: 1, tensorShape: { dim: [{ size: -1 }] } },
      "Shape [?] is not fully defined",
    ],
    [
      "2**80 elements",
      { dtype: 1, tensorShape: { dim: [{ size: 2n ** 40n }, { size: 2n ** 40n }] } },
      "too large (more than 2**63 - 1 entries)",
    ],
    ["2**40 floats from nothing", { dtype: 1, tensorShape: { dim: [{ size: 2n ** 40n }] } }, "would expand"],
    [
      "content of the wrong size",
      { dtype: 1, tensorShape: { dim: [{ size: 3 }] }, tensorContent: new Uint8Array(8) },
      "Input size was 8 and expected 12",
    ],
    ["negative dims", { dtype: 1, tensorShape: { dim: [{ size: -5 }] } }, "below -1"],
  ])("refuse %s", (_, proto, message) => {
    expect(() => tensorFromProto(create(TensorProto, proto))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });
});

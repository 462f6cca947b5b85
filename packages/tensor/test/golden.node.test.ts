import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decode, equals, MetaGraphDef, TensorProto } from "@org/proto";
import { dtypes, ndArray, tensorFromProto, tensorToProto } from "@org/tensor";
import { describe, expect, it } from "vitest";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const metas = ["graphs", "golden"].flatMap((folder) =>
  existsSync(join(shared, folder))
    ? readdirSync(join(shared, folder), { recursive: true })
        .map((name) => join(shared, folder, String(name)))
        .filter((name) => name.endsWith(".meta"))
    : [],
);

describe.skipIf(!existsSync(shared))("constants of real graphs (skipped without the folder `shared`)", () => {
  it("come back as the same proto: content or list as TensorFlow's Python chose", () => {
    let constants = 0;
    const other: string[] = [];
    for (const path of metas) {
      for (const node of decode(MetaGraphDef, readFileSync(path)).graphDef!.node) {
        const tensor = node.op === "Const" ? node.attr.value?.tensor : undefined;
        if (!tensor) continue;
        constants++;
        const whole = tensorFromProto(tensor);
        if (equals(TensorProto, tensorToProto(whole), tensor)) continue;
        // zeros, ones, fill: one value and a shape.
        const { data } = whole;
        const one = ndArray(whole.dtype, [], data.slice(0, dtypes[whole.dtype].width) as never);
        expect([...(data as Float32Array)].every((value) => Object.is(value, data[0]))).toBe(true);
        if (!equals(TensorProto, tensorToProto(one, { shape: whole.shape }), tensor))
          other.push(`${path} ${node.name}`);
      }
    }
    expect(constants).toBeGreaterThan(1000);
    expect(other).toEqual([]);
  });
});

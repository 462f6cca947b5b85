import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { clone, decode, decodeLazily, encode, equals, MetaGraphDef } from "@org/proto";
import { describe, expect, it } from "vitest";
import { filesUnder, hasShared, shared } from "./shared.ts";

const metas = [...filesUnder("golden", ".meta"), ...filesUnder("graphs", ".meta")];

describe.skipIf(!hasShared)(
  "MetaGraphDefs that TensorFlow wrote (skipped without the folder `shared`)",
  () => {
    it("are there", () => expect(metas.length).toBeGreaterThan(50));

    it.each(metas.map((path) => [relative(shared, path), path]))(
      "%s survives decode and encode",
      (_, path) => {
        const bytes = readFileSync(path);
        const message = decode(MetaGraphDef, bytes);
        expect(Buffer.compare(encode(MetaGraphDef, message), bytes)).toBe(0);
        const copy = clone(MetaGraphDef, message);
        expect(equals(MetaGraphDef, copy, message)).toBe(true);
        const lazy = decodeLazily(MetaGraphDef, bytes);
        expect(Buffer.compare(encode(MetaGraphDef, lazy), bytes)).toBe(0);
        void lazy.graphDef!.node[5];
        expect(Buffer.compare(encode(MetaGraphDef, lazy), bytes)).toBe(0);
        expect([...lazy.graphDef!.node]).toEqual(message.graphDef!.node);
        copy.graphDef!.node[0]!.name += "x";
        expect(equals(MetaGraphDef, copy, message)).toBe(false);
      },
    );
  },
);

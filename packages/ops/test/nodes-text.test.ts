import { readdirSync } from "node:fs";
import { MetaGraphDef } from "@org/proto";
import { describe, expect, it } from "vitest";
import { parseNodesText, printCollections, printNodes } from "./nodes-text.ts";
import { metaBytes, nodesText, shared, sharedReason } from "./shared.ts";

describe.skipIf(!shared)(`nodes.txt of reference graphs${sharedReason}`, () => {
  const names = shared
    ? readdirSync(`${shared}/graphs`, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
    : [];
  it.each(names)("%s prints as written", (name) => {
    const meta = MetaGraphDef.decode(metaBytes(name));
    const expected = parseNodesText(nodesText(name));
    const uuid = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/g;
    expect(printNodes(meta.graphDef!).slice(1).join("\n").replace(uuid, "")).toBe(
      expected.nodes.join("\n").replace(uuid, ""),
    );
    expect(printCollections(meta).slice(1)).toEqual(expected.collections);
  });
});

// SavedModels that real TensorFlows wrote, frozen and run (skipped without the golden files): formats/*/saved_model.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createOpRegistry, Graph, importGraphDef } from "@org/graph";
import { opDefs } from "@org/graph/op-defs";
import { standardOps } from "@org/ops";
import { createSession } from "@org/session";
import { type NdArray, readNpy } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { freezeGraph } from "../src/index.ts";

const formats = join(
  process.env.METAGRAPH_SHARED ?? join(import.meta.dirname, "../../../../shared"),
  "formats",
);

interface Recorded {
  readonly value?: string;
}
interface Run {
  readonly signature: string;
  readonly feed: Record<string, Recorded>;
  readonly fetch: Record<string, Recorded>;
}
interface Model {
  readonly tol: number;
  readonly meta_graphs: readonly { readonly tags: string[]; readonly runs?: readonly Run[] }[];
}

const cases = ["1.0.1", "1.15.5", "2.21.0"].flatMap((version) => {
  const file = join(formats, version, "saved_model/expect.json");
  if (!existsSync(file)) return [];
  const { models } = JSON.parse(readFileSync(file, "utf8")) as { models: Record<string, Model> };
  return Object.entries(models)
    .filter(([name]) => name !== "object")
    .map(([name, model]) => ({
      name: `${version}/${name}`,
      version,
      model,
      folder: join(formats, version, "saved_model", name),
    }));
});

describe.skipIf(cases.length === 0)(
  "formats/*/saved_model (needs the golden files beside the repository)",
  () => {
    it.each(cases)(
      "$name gives its recorded outputs when it is frozen",
      async ({ version, model, folder }) => {
        const load = ({ value }: Recorded): NdArray =>
          readNpy(new Uint8Array(readFileSync(join(formats, version, "saved_model", value!))));
        const ops = createOpRegistry(standardOps, { fallback: opDefs() });
        let compared = 0;
        for (const { tags, runs = [] } of model.meta_graphs)
          for (const { feed, fetch } of runs) {
            // Serialized Examples have to be parsed, which nothing here does.
            if (!Object.values(feed).every(({ value }) => value !== undefined)) continue;
            const names = Object.keys(fetch).filter((name) => fetch[name]!.value !== undefined);
            const frozen = await freezeGraph({
              inputSavedModelDir: folder,
              savedModelTags: tags,
              outputNodeNames: names.map((name) => name.replace(/:0$/, "")),
            });
            expect(frozen.node.filter(({ op }) => /Variable|VarHandle/.test(op ?? ""))).toEqual([]);
            const graph = new Graph({ ops });
            importGraphDef(frozen, { graph, name: "" });
            const session = await createSession(graph);
            const feeds = Object.fromEntries(Object.entries(feed).map(([name, one]) => [name, load(one)]));
            for (const [i, value] of (await session.run(names, { feeds })).entries()) {
              const wanted = Array.from(load(fetch[names[i]!]!).data as Float32Array);
              const found = Array.from((value as NdArray).data as Float32Array);
              expect(found).toHaveLength(wanted.length);
              for (const [j, number] of found.entries())
                expect(Math.abs(number - wanted[j]!)).toBeLessThanOrEqual(
                  model.tol * Math.max(1, Math.abs(wanted[j]!)),
                );
              compared++;
            }
            await session.close();
          }
        expect(compared).toBeGreaterThan(0);
      },
    );
  },
);

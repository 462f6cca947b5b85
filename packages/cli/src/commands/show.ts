// `metagraph show FILE`: what a MetaGraph holds, section by section.
import { dtypeFromProto, type IMetaGraphDef, readMetaGraph, shapeFromProto } from "@org/metagraph";
import type { Command } from "commander";
import { type Terminal, table, toJson } from "../terminal.ts";

/** What is in a MetaGraph, as data: `show --json` prints it. */
export interface Summary {
  readonly tensorflowVersion: string;
  readonly tags: readonly string[];
  readonly nodes: number;
  readonly producer: number;
  readonly ops: Readonly<Record<string, number>>;
  readonly functions: readonly string[];
  readonly placeholders: readonly { readonly name: string; readonly dtype: string; readonly shape: string }[];
  readonly collections: Readonly<
    Record<string, { readonly kind: string; readonly size: number; readonly values?: readonly string[] }>
  >;
  readonly saver: IMetaGraphDef["saverDef"] | null;
  readonly signatures: Readonly<
    Record<
      string,
      { readonly method: string; readonly inputs: readonly string[]; readonly outputs: readonly string[] }
    >
  >;
}

const kinds = ["nodeList", "bytesList", "int64List", "floatList", "anyList"] as const;

/** Adds the command to the program. */
export function addShow(program: Command, terminal: Terminal): void {
  program
    .command("show")
    .description("Show what a MetaGraph holds: versions, ops, inputs, collections, Saver, signatures.")
    .argument("<file>", "a .meta file, binary or text")
    .option("--json", "one JSON document")
    .option("--nodes", "every node: name, op, inputs")
    .addHelpText("after", "\nExample:\n  metagraph show model-10000.meta")
    .action(async (file: string, flags: { json?: boolean; nodes?: boolean }) => {
      const def = await readMetaGraph(file);
      const summary = summarize(def);
      if (flags.json)
        return terminal.out(toJson(flags.nodes ? { ...summary, node: def.graphDef?.node } : summary));
      if (flags.nodes) {
        return terminal.out(
          table(
            (def.graphDef?.node ?? []).map(({ name, op, input }) => [
              name ?? "",
              op ?? "",
              (input ?? []).join(" "),
            ]),
            "",
          ),
        );
      }
      print(file, summary, terminal);
    });
}

function summarize(def: IMetaGraphDef): Summary {
  const nodes = def.graphDef?.node ?? [];
  const ops: Record<string, number> = {};
  for (const { op } of nodes) ops[op ?? ""] = (ops[op ?? ""] ?? 0) + 1;
  const collections: Record<string, Summary["collections"][string]> = {};
  for (const [key, collection] of Object.entries(def.collectionDef ?? {})) {
    const kind = kinds.find((name) => collection[name]);
    const values = kind ? ((collection[kind] as { value?: readonly unknown[] }).value ?? []) : [];
    const readable = kind === "nodeList" || kind === "int64List" || kind === "floatList";
    collections[key] = {
      kind: kind ?? "none",
      size: values.length,
      ...(readable ? { values: values.map(String) } : {}),
    };
  }
  return {
    tensorflowVersion: def.metaInfoDef?.tensorflowVersion ?? "",
    tags: def.metaInfoDef?.tags ?? [],
    nodes: nodes.length,
    producer: def.graphDef?.versions?.producer ?? 0,
    ops: Object.fromEntries(Object.entries(ops).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))),
    functions: (def.graphDef?.library?.function ?? []).map(({ signature }) => signature?.name ?? ""),
    placeholders: nodes
      .filter(({ op }) => op === "Placeholder" || op === "PlaceholderV2")
      .map(({ name, attr }) => ({
        name: name ?? "",
        dtype: dataTypeName(attr?.dtype?.type),
        shape: shapeText(attr?.shape?.shape),
      })),
    collections,
    saver: def.saverDef ?? null,
    signatures: Object.fromEntries(
      Object.entries(def.signatureDef ?? {}).map(([key, { methodName, inputs, outputs }]) => {
        const list = (infos: typeof inputs): string[] =>
          Object.entries(infos ?? {}).map(
            ([name, info]) =>
              `${name}: ${info.name ?? ""} ${dataTypeName(info.dtype)} ${shapeText(info.tensorShape)}`,
          );
        return [key, { method: methodName ?? "", inputs: list(inputs), outputs: list(outputs) }];
      }),
    ),
  };
}

function print(file: string, summary: Summary, terminal: Terminal): void {
  const { out } = terminal;
  out(
    `${file}: MetaGraph of TensorFlow ${summary.tensorflowVersion || "(no version)"}, GraphDef version ${summary.producer}${summary.tags.length ? `, tags ${summary.tags.join(", ")}` : ""}`,
  );
  out(
    `\nNodes: ${summary.nodes}${summary.functions.length ? `, functions: ${summary.functions.length}` : ""}`,
  );
  out(table(Object.entries(summary.ops).map(([op, count]) => [op, count])));
  if (summary.placeholders.length > 0) {
    out("\nInputs:");
    out(table(summary.placeholders.map(({ name, dtype, shape }) => [`${name}:0`, dtype, shape])));
  }
  out("\nCollections:");
  const collections = Object.entries(summary.collections).sort(([a], [b]) => (a < b ? -1 : 1));
  const preview = (values: readonly string[] = []): string =>
    values.slice(0, 3).join(", ") + (values.length > 3 ? ", ..." : "");
  out(
    collections.length
      ? table(collections.map(([key, { kind, size, values }]) => [key, kind, size, preview(values)]))
      : "  none",
  );
  out("\nSaver:");
  const { saver } = summary;
  out(
    saver
      ? table([
          ["filename", saver.filenameTensorName ?? ""],
          ["save", saver.saveTensorName ?? ""],
          ["restore", saver.restoreOpName ?? ""],
          ["max_to_keep", String(saver.maxToKeep ?? 0)],
          ["version", ["LEGACY", "V1", "V2"][saver.version ?? 0] ?? String(saver.version)],
          ["sharded", String(saver.sharded ?? false)],
        ])
      : "  none",
  );
  for (const [key, { method, inputs, outputs }] of Object.entries(summary.signatures)) {
    out(`\nsignature_def['${key}']:`);
    out(
      table([
        ["inputs", inputs.join("; ")],
        ["outputs", outputs.join("; ")],
        ["method name", method],
      ]),
    );
  }
}

function dataTypeName(number: number | null | undefined): string {
  return dtypeFromProto(number ?? 0)?.dtype ?? `DT_${number ?? 0}`;
}

function shapeText(shape: Parameters<typeof shapeFromProto>[0]): string {
  return shapeFromProto(shape ?? { unknownRank: true }).toString();
}

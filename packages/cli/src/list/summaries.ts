// An event file or a record file as a whole: what kinds, which tags, how many, how long.
import type { Progress } from "@org/io";
import type { Identified } from "../files/identify.ts";
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { eventRows, type ValueRow } from "./events.ts";
import { recordRows } from "./records.ts";

export interface Summarized {
  readonly text: string;
  readonly json: unknown;
}

interface TagSummary {
  readonly tag: string;
  readonly kind: ValueRow["kind"];
  count: number;
  firstStep: bigint;
  lastStep: bigint;
  last: number | undefined;
}

/** Kinds of events, tags with their steps and last values. Throws TfError as `readEvents`. */
export async function summaryOfEvents({ path }: Identified, terminal: Terminal): Promise<Summarized> {
  const kinds = new Map<string, number>();
  const tags = new Map<string, TagSummary>();
  let events = 0;
  for await (const { what, step, values = [] } of eventRows(path, terminal)) {
    events++;
    kinds.set(what, (kinds.get(what) ?? 0) + 1);
    for (const { tag, kind, value } of values) {
      const known = tags.get(tag) ?? {
        tag,
        kind,
        count: 0,
        firstStep: step,
        lastStep: step,
        last: undefined,
      };
      tags.set(tag, known);
      known.count++;
      if (step < known.firstStep) known.firstStep = step;
      if (step >= known.lastStep) known.lastStep = step;
      known.last = value;
    }
  }
  const list = [...tags.values()].sort((a, b) => (a.tag < b.tag ? -1 : 1));
  const rows = list.map(({ tag, kind, count, firstStep, lastStep, last }) => [
    tag,
    kind,
    count,
    `steps ${firstStep} to ${lastStep}`,
    last === undefined ? "" : `last ${Number(last.toPrecision(8))}`,
  ]);
  const text = [`${path}: ${events} events`, section("Kinds", [...kinds]), section("Tags", rows)].join(
    "\n\n",
  );
  return { text, json: { file: path, events, kinds: Object.fromEntries(kinds), tags: list } };
}

/** How many records, how long; which features their Examples have. Throws TfError as `readRecords`. */
export async function summaryOfRecords(
  found: Identified,
  terminal: Terminal,
  onProgress?: (progress: Progress) => void,
): Promise<Summarized> {
  const { path, compression = "" } = found;
  let [records, bytes, shortest, longest, examples] = [0, 0, Number.POSITIVE_INFINITY, 0, 0];
  const features = new Map<
    string,
    { key: string; kind: string; count: number; fewest: number; most: number }
  >();
  for await (const { length, features: own = [] } of recordRows(
    found,
    terminal,
    onProgress ? { onProgress } : {},
  )) {
    records++;
    bytes += length;
    shortest = Math.min(shortest, length);
    longest = Math.max(longest, length);
    if (own.length > 0) examples++;
    for (const { key, kind, count } of own) {
      const id = `${key} ${kind}`;
      const known = features.get(id) ?? { key, kind, count: 0, fewest: count, most: count };
      features.set(id, known);
      known.count++;
      known.fewest = Math.min(known.fewest, count);
      known.most = Math.max(known.most, count);
    }
  }
  const list = [...features.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  const lengths =
    records === 0 ? "" : `, ${shortest === longest ? shortest : `${shortest} to ${longest}`} bytes each`;
  const text = [
    `${path}: ${records} records${compression ? ` (${compression})` : ""}, ${bytes} bytes${lengths}`,
    ...(list.length > 0
      ? [
          section(
            `Features of ${examples} Examples`,
            list.map(({ key, kind, count, fewest, most }) => [
              key,
              `${kind}[${fewest === most ? fewest : `${fewest} to ${most}`}]`,
              count,
            ]),
          ),
        ]
      : []),
  ].join("\n\n");
  return {
    text,
    json: {
      file: path,
      compression,
      records,
      bytes,
      ...(records > 0 ? { shortest, longest } : {}),
      examples,
      features: list,
    },
  };
}

const section = (title: string, rows: readonly (readonly (string | number)[])[]): string =>
  `${title}:\n${rows.length > 0 ? table(rows) : "  none"}`;

// Graphs of strangers, broken in one to three places: nodes without attributes or with those of others, inputs that are missing, repeated, of other
// nodes or their own, ops under other names, huge dims. What is broken is refused, or runs; with TfErrors alone, and in time.
import { readdirSync, readFileSync } from "node:fs";
import { memoryFileSystem } from "@org/io";
import { fromText } from "@org/proto/text";
import { describe, expect, it } from "vitest";
import { array, type Plain } from "../../ops/test/recorded-cases.ts";
import * as tf from "../src/index.ts";

interface Program {
  readonly name: string;
  readonly graph: string;
  readonly runs: readonly {
    readonly feed?: Readonly<Record<string, Plain>>;
    readonly fetch?: readonly string[];
    readonly targets?: readonly string[];
  }[];
}

const folder = new URL("fixtures/programs/", import.meta.url);
const programs = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Program[]);

/** Numbers below `end`, by a seed (mulberry32). */
function drawing(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % end;
  };
}

interface Node {
  readonly name?: string;
  op?: string;
  input?: string[];
  attr?: Record<string, unknown>;
}

/** Breaks `nodes` in one place. */
function breakOnce(nodes: Node[], draw: (end: number) => number): void {
  const pick = (): Node => nodes[draw(nodes.length)]!;
  const [node, other] = [pick(), pick()];
  node.input ??= [];
  node.attr ??= {};
  const { input, attr } = node;
  const keys = Object.keys(attr);
  const at = draw(input.length + 1);
  const set = (key: string, value: unknown) => () => {
    attr[key] = value;
  };
  const splice =
    (removed: number, ...added: string[]) =>
    () => {
      input.splice(at, removed, ...added);
    };
  const ways: readonly (() => void)[] = [
    () => {
      delete attr[keys[draw(keys.length || 1)] ?? ""];
    },
    () => {
      Object.assign(attr, other.attr);
    },
    () => {
      node.op = other.op!;
    },
    () => {
      nodes.splice(draw(nodes.length), 1);
    },
    splice(1),
    splice(0, other.name!),
    splice(1, node.name!),
    splice(1, `${other.name}:${draw(3)}`),
    splice(0, `^${other.name}`),
    set("shape", { shape: { dim: [{ size: 2n ** 40n }, { size: -7n }] } }),
    set("dtype", { type: draw(30) }),
    set("T", { type: draw(30) }),
  ];
  ways[draw(ways.length)]!();
}

/** Runs what a program runs, in its broken graph: how many runs ended well. */
async function runBroken(program: Program, seed: number): Promise<number> {
  const draw = drawing(seed);
  const def = fromText(tf.protos.GraphDef, program.graph.replaceAll("{D}", "/d"));
  const nodes = def.node as unknown as Node[];
  for (let i = 1 + draw(3); i > 0 && nodes.length > 0; i--) breakOnce(nodes, draw);
  const graph = new tf.Graph();
  const refused = (error: unknown): number => {
    if (!tf.isTfError(error)) throw error;
    return 0;
  };
  try {
    graph.asDefault(() => tf.importGraphDef(def, { name: "" }));
  } catch (error) {
    return refused(error);
  }
  const whole = graph.asDefault(() => tf.constant(7, { name: "whole" }));
  await using session = new tf.Session({ graph, backends: [], fs: memoryFileSystem() });
  let ended = 0;
  for (const { feed = {}, fetch = [], targets = [] } of program.runs.slice(0, 4)) {
    // Feeds are the program's own: one of another type is its author's mistake.
    const fits = ([name, { dtype }]: [string, Plain]): boolean => {
      try {
        return graph.getTensorByName(name).dtype === dtype;
      } catch (error) {
        return refused(error) !== 0;
      }
    };
    const feeds = Object.fromEntries(
      Object.entries(feed)
        .filter(fits)
        .map(([name, value]) => [name, array(value)]),
    );
    const running = session.run([...fetch], { feeds, targets: [...targets], options: { timeoutInMs: 1000 } });
    ended += await running.then(() => 1, refused);
  }
  expect(tf.toNumbers(await session.run(whole))).toEqual([7]);
  return ended;
}

describe("broken graphs", () => {
  it.each(Array.from({ length: 12 }, (_, part) => part))("part %i", async (part) => {
    let ended = 0;
    for (let i = 0; i < 40; i++) {
      const seed = part * 40 + i;
      const program = programs[seed % programs.length]!;
      try {
        ended += await runBroken(program, seed);
      } catch (error) {
        (error as Error).message = `${program.name}, seed ${seed}: ${(error as Error).message}`;
        throw error;
      }
    }
    expect(ended).toBeGreaterThan(0);
  });
});

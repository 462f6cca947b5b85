// Large graphs: a .meta of 1,000 to 100,000 nodes read and imported, exported unchanged, and exported after every node was renamed (by an import
// under a scope), beside real TensorFlows in rounds that take turns; the peak memory of each in a process of its own; and ours alone up
// to 1,000,000 nodes, whose cost is to grow in proportion.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportMetaGraph, importMetaGraph, readMetaGraph, writeMetaGraph } from "@org/metagraph";
import { rounds, type Timed, timed } from "./checkpoints/rounds.ts";
import { largeMeta } from "./large-graph.ts";
import { type TensorFlowPeer, tensorFlowPeer } from "./peers/tensorflow.ts";

type Imported = ReturnType<typeof importMetaGraph>;

const importFile = async (path: string, importScope?: string): Promise<Imported> =>
  importMetaGraph(await readMetaGraph(path), { importScope });
const exportFile = ({ graph, saver }: Imported, out: string): Promise<void> =>
  writeMetaGraph(out, exportMetaGraph(graph, { saverDef: saver?.asSaverDef() }));

/** What is timed: a file into a graph, or a graph into a file. */
const kinds = {
  import: async (path: string) => () => importFile(path),
  "export, unchanged": async (path: string, out: string) => {
    const imported = await importFile(path);
    return () => exportFile(imported, out);
  },
  "export, every node renamed": async (path: string, out: string) => {
    const imported = await importFile(path, "renamed");
    return () => exportFile(imported, out);
  },
} as const;
type Kind = keyof typeof kinds;

const roundsOf = (nodes: number): number => (nodes > 50_000 ? 2 : nodes > 5000 ? 6 : 20);

async function beside(
  nodes: number,
  kind: Kind,
  peers: readonly TensorFlowPeer[],
  path: string,
  folder: string,
): Promise<string> {
  const own = await kinds[kind](path, join(folder, "ours.meta"));
  const works: Record<string, Timed> = { ours: () => timed(own) };
  for (const peer of peers) {
    await peer.ask({ do: "graph", kind, path, out: join(folder, "tensorflow.meta") });
    works[peer.version] = () => peer.ask({ do: "graph work" }) as Promise<number>;
  }
  // Twice more in its turn: the others' turns are long, and caches and compiled code do not outlast them.
  const thrice = Object.fromEntries(
    Object.entries(works).map(([who, work]) => [
      who,
      async () => Math.min(await work(), await work(), await work()),
    ]),
  );
  const times = await rounds(thrice, roundsOf(nodes));
  const base = times.ours!.best;
  return Object.entries(times)
    .map(([who, { best }]) => {
      const ratio = who === "ours" ? "" : ` (${(best / base).toFixed(1)}x)`;
      return `${who} ${(best * 1000).toFixed(1)} ms${ratio}`;
    })
    .join(", ");
}

/** Peak resident memory of a process that imports and exports once, MiB; and of one that does nothing. */
function ourPeak(path: string, out: string): string {
  const run = (file: string): string =>
    execFileSync(process.execPath, ["--expose-gc", process.argv[1]!, "--child", file, out], {
      encoding: "utf8",
    }).trim();
  return `${run(path)} MiB (${run("")} before)`;
}

async function child(path: string, out: string): Promise<void> {
  if (path !== "") await exportFile(await importFile(path), out);
  // Linux counts the parent's memory at the fork into maxRSS; VmHWM begins with the program.
  const status = existsSync("/proc/self/status") ? readFileSync("/proc/self/status", "utf8") : "";
  const peak = /VmHWM:\s*(\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
  console.log((Number(peak) / 1024).toFixed(0));
}

async function growth(folder: string): Promise<void> {
  for (const nodes of [10_000, 100_000, 1_000_000]) {
    const path = join(folder, "growth.meta");
    writeFileSync(path, await largeMeta(nodes));
    const out = join(folder, "grown.meta");
    const best: number[] = [];
    for (let round = 0; round < 3; round++) {
      globalThis.gc?.();
      let imported: Imported | undefined;
      const times = [
        await timed(async () => {
          imported = await importFile(path);
        }),
        await timed(() => exportFile(imported!, out)),
      ];
      for (const [i, time] of times.entries()) best[i] = Math.min(best[i] ?? time, time);
    }
    const [reading, writing] = best.map((seconds) => ((seconds * 1e6) / nodes).toFixed(2));
    console.log(
      `  ${nodes} nodes, ours: import ${reading} us a node, export ${writing} us a node, peak ${ourPeak(path, out)}`,
    );
  }
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const chosen = (name: string): boolean => wanted.length === 0 || wanted.some((word) => name.includes(word));
  const {
    METAGRAPH_BENCH_PYTHON: python1,
    METAGRAPH_BENCH_PYTHON_2: python2,
    METAGRAPH_BENCH_OUT: report,
  } = process.env;
  const folder = mkdtempSync(join(process.env.METAGRAPH_BENCH_FOLDER ?? tmpdir(), "metagraph-bench-"));
  const rows: Record<string, string> = {};
  try {
    console.log(`Node ${process.version}; best of rounds`);
    for (const nodes of [1000, 10_000, 100_000]) {
      const names = Object.keys(kinds).map((kind) => [`${kind}, ${nodes} nodes`, kind as Kind] as const);
      if (!names.some(([name]) => chosen(name))) continue;
      const path = join(folder, `${nodes}.meta`);
      writeFileSync(path, await largeMeta(nodes));
      // New processes a size: that their peak is this size's.
      const peers: TensorFlowPeer[] = [];
      for (const python of [python2, python1]) if (python) peers.push(await tensorFlowPeer(python));
      const before = await Promise.all(peers.map((peer) => peer.ask({ do: "peak" })));
      for (const [name, kind] of names)
        if (chosen(name)) {
          rows[name] = await beside(nodes, kind, peers, path, folder);
          console.log(`  ${name}: ${rows[name]}`);
        }
      const peaks = await Promise.all(
        peers.map(
          async (peer, i) => `${peer.version} ${await peer.ask({ do: "peak" })} MiB (${before[i]} before)`,
        ),
      );
      const name = `peak memory, ${nodes} nodes`;
      rows[name] = [`ours ${ourPeak(path, join(folder, "peak.meta"))}`, ...peaks].join(", ");
      console.log(`  ${name}: ${rows[name]}`);
      for (const peer of peers) await peer.close();
    }
    if (chosen("growth")) await growth(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (report) writeFileSync(report, JSON.stringify({ node: process.version, rows }, null, 2));
}

if (process.argv[2] === "--child") await child(process.argv[3]!, process.argv[4]!);
else await main();

// Checkpoints: a Saver's save and restore of 256 MiB, and one tensor out of 10,000, beside real TensorFlows in rounds that take turns; a
// checkpoint of several GiB written, copied and read with the memory that it takes; bytes and requests for one tensor over HTTP.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { largeCheckpoint } from "./checkpoints/large.ts";
import { openManyKeys } from "./checkpoints/many-keys.ts";
import { remoteTensor } from "./checkpoints/remote.ts";
import { saveAndRestore } from "./checkpoints/saver.ts";
import { type TensorFlowPeer, tensorFlowPeer } from "./peers/tensorflow.ts";

/** Figures by contender. */
export type Row = Readonly<Record<string, string | number>>;

export interface CheckpointCase {
  readonly name: string;
  run(folder: string, peers: readonly TensorFlowPeer[]): Promise<Row>;
}

const cases: readonly CheckpointCase[] = [...saveAndRestore, openManyKeys, remoteTensor, largeCheckpoint];
const wanted = process.argv.slice(2);
const chosen = cases.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));

const {
  METAGRAPH_BENCH_PYTHON: python1,
  METAGRAPH_BENCH_PYTHON_2: python2,
  METAGRAPH_BENCH_OUT: out,
} = process.env;
const peers: TensorFlowPeer[] = [];
for (const python of [python2, python1]) if (python) peers.push(await tensorFlowPeer(python));
const folder = mkdtempSync(join(process.env.METAGRAPH_BENCH_FOLDER ?? tmpdir(), "metagraph-bench-"));
const rows: Record<string, Row> = {};
try {
  console.log(`Node ${process.version}`);
  for (const { name, run } of chosen) {
    rows[name] = await run(folder, peers);
    console.log(
      `  ${name}: ${Object.entries(rows[name])
        .map(([who, figure]) => `${who} ${figure}`)
        .join(", ")}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  for (const peer of peers) await peer.close();
}
if (out) writeFileSync(out, JSON.stringify({ node: process.version, rows }, null, 2));

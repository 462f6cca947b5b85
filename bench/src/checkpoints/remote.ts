// One tensor of a checkpoint of 10,000 keys on a web server: requests and bytes that it takes. The server is in this process.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openCheckpoint, writeCheckpoint } from "@org/checkpoint";
import { memoryFileSystem, readFile } from "@org/io";
import type { NdArray } from "@org/tensor";
import type { CheckpointCase } from "../checkpoints.ts";
import { timed } from "./rounds.ts";

const keys = 10_000;
const elements = 1000;

export const remoteTensor: CheckpointCase = {
  name: "one tensor over HTTP",
  async run() {
    const memory = memoryFileSystem();
    const entries = Array.from({ length: keys }, (_, i): [string, NdArray] => [
      `model/layer_${String(i).padStart(5, "0")}/attention/kernel`,
      { dtype: "float32", shape: [elements], data: new Float32Array(elements).fill(i) },
    ]);
    await writeCheckpoint("model", entries, { fs: memory });
    const files = new Map<string, Uint8Array>();
    for (const name of await memory.list(".")) files.set(name, await readFile(memory, name));
    let requests = 0;
    let bytes = 0;
    const server = createServer((request, response) => {
      requests++;
      const content = files.get(request.url!.slice(1));
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
      if (!content || !range) return void response.writeHead(404).end();
      const start = Number(range[1]);
      const body = content.subarray(start, Number(range[2]) + 1);
      bytes += body.length;
      response.writeHead(206, {
        "content-range": `bytes ${start}-${start + body.length - 1}/${content.length}`,
      });
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const seconds = await timed(async () => {
      const reader = await openCheckpoint(new URL(`http://127.0.0.1:${port}/model`));
      await reader.get("model/layer_05000/attention/kernel");
      await reader.close();
    });
    server.closeAllConnections();
    server.close();
    const size = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    return {
      requests,
      bytes: `${bytes} of ${size} (the index has ${files.get("model.index")!.length})`,
      time: `${(seconds * 1000).toFixed(1)} ms`,
    };
  },
};

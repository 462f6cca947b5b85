// A real TensorFlow in a process of its own that answers requests one by one (python/checkpoints.py), so that it can take turns with others.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface TensorFlowPeer {
  readonly version: string;
  ask(request: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): Promise<void>;
}

/** Starts `python` on it. */
export async function tensorFlowPeer(python: string): Promise<TensorFlowPeer> {
  const child = spawn(python, [join(import.meta.dirname, "../python/checkpoints.py")], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error("TensorFlow ended");
    return JSON.parse(value as string);
  };
  const version = `TensorFlow ${await next()}`;
  return {
    version,
    ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return next();
    },
    async close() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      await ended;
    },
  };
}

// Starting a worker, in Node and in browsers. Not here: what it does (worker-source.ts).
import { workerSource } from "./worker-source.ts";

export interface WorkerData {
  readonly memory: WebAssembly.Memory;
  /** Byte address of its mailbox. */
  readonly mailbox: number;
}

export interface StartedWorker {
  /** Ends it at once, whatever it is doing. */
  terminate(): void;
}

interface NodeThreads {
  readonly Worker: new (
    source: string,
    options: { readonly eval: true; readonly workerData: WorkerData; readonly name: string },
  ) => {
    once(event: "message" | "error" | "exit", listener: () => void): void;
    unref(): void;
    terminate(): Promise<number>;
  };
}

/** Node's worker_threads, without an import that bundlers for browsers would follow. */
function nodeThreads(): NodeThreads | undefined {
  const { process } = globalThis as {
    process?: { readonly getBuiltinModule?: (name: string) => NodeThreads | undefined };
  };
  return process?.getBuiltinModule?.("node:worker_threads");
}

/**
 * Starts a worker; `onReady` is called when it is about to take work, `onEnd` if it fails or ends. A worker that is ready does not keep Node's process alive.
 * Returns undefined where there are none: no worker threads, or a page that may not make them from text (`worker-src blob:`).
 */
export function startWorker(
  data: WorkerData,
  onReady: () => void,
  onEnd: () => void,
): StartedWorker | undefined {
  const threads = nodeThreads();
  try {
    if (threads) {
      const worker = new threads.Worker(workerSource, { eval: true, workerData: data, name: "metagraph" });
      // Until it is ready it keeps the process alive: somebody may be waiting for that.
      worker.once("message", () => {
        worker.unref();
        onReady();
      });
      worker.once("error", onEnd);
      worker.once("exit", onEnd);
      return { terminate: () => void worker.terminate() };
    }
    if (typeof Worker !== "function" || typeof Blob !== "function") return undefined;
    const url = URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
    const worker = new Worker(url, { name: "metagraph" });
    worker.onmessage = () => {
      URL.revokeObjectURL(url);
      onReady();
    };
    worker.onerror = onEnd;
    worker.postMessage(data);
    return { terminate: () => worker.terminate() };
  } catch {
    return undefined;
  }
}

/** Whether memory can be shared with workers: in Node always, in browsers where the page is cross-origin isolated. */
export function canShareMemory(): boolean {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer === "function" && crossOriginIsolated !== false;
}

// Where a command reads and writes: results on `out`, everything that is for people alone on `err`. No color: there is nothing to color.

export interface Terminal {
  /** A line, or several, of the result. */
  out(text: string): void;
  /** Errors and notes. */
  err(text: string): void;
  /** Bytes to standard output, for `-o -`. */
  bytes(bytes: Uint8Array): void;
  /** All of standard input, for `-`. */
  input(): Promise<Uint8Array>;
  /** Where progress is drawn; left out where nobody sees it. */
  readonly interactive?: NodeJS.WritableStream;
  /** Aborts at Ctrl-C. */
  readonly signal?: AbortSignal;
}

/** The process's own streams. */
export function processTerminal(signal?: AbortSignal): Terminal {
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    bytes: (bytes) => void process.stdout.write(bytes),
    async input() {
      const chunks: Uint8Array[] = [];
      for await (const chunk of process.stdin) {
        if (signal?.aborted) break;
        chunks.push(chunk as Uint8Array);
      }
      return new Uint8Array(Buffer.concat(chunks));
    },
    ...(process.stderr.isTTY ? { interactive: process.stderr } : {}),
    ...(signal ? { signal } : {}),
  };
}

#!/usr/bin/env node
// The process around the command: Ctrl-C, closed pipes, exit status.
import { exitCodes } from "./exit-codes.ts";
import { main } from "./main.ts";
import { processTerminal } from "./terminal.ts";

// The first Ctrl-C lets what is being done end cleanly, the second one ends it now.
const interrupt = new AbortController();
process.once("SIGINT", () => {
  interrupt.abort();
  process.stdin.destroy();
  process.once("SIGINT", () => process.exit(exitCodes.interrupted));
});
// `metagraph ls model | head`: nobody reads on, so there is nothing more to do.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.ok);
  process.stderr.write(`metagraph: Cannot write to standard output: ${error.message}\n`);
  process.exit(exitCodes.failed);
});
// Where nobody can be told, the exit status still says how it went.
process.stderr.on("error", () => undefined);

process.exitCode = await main(process.argv.slice(2), processTerminal(interrupt.signal));

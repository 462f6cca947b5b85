// The threads of a backend: the caller's own and workers over the same memory. A launch is cut into parts that write apart from each other;
// workers take all but the last, the caller does that one and waits. Everything is over when `run` returns.
// Workers count from when they are ready; until then, or where one fails, the caller does their parts. Not here: how work is cut.
import { TfError } from "@org/errors";
import type { Entry } from "../kernels.ts";
import type { CpuMemory } from "../memory.ts";
import { states, words, wordsOfMailbox } from "./mailbox.ts";
import { canShareMemory, type StartedWorker, startWorker } from "./start-worker.ts";

/** A kernel that every thread can call. */
export interface SharedEntry {
  readonly entry: Entry;
  /** Number of its module, and of the function among the module's exports. */
  readonly module: number;
  readonly index: number;
  /** The module's bytes: workers compile it when they first need it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Team {
  /** Threads at work by now, the caller's included. */
  readonly size: number;
  /** Resolved when every worker is ready or given up. */
  readonly ready: Promise<void>;
  /** The address of part `i`'s argument block. */
  blockAddress(i: number): number;
  /** The address of 192 bytes that part `i` has for itself. */
  tileAddress(i: number): number;
  /** Calls the kernel once for each of the first `parts` argument blocks (at most `size`). */
  run(kernel: SharedEntry, parts: number): void;
  close(): void;
}

export interface TeamOptions {
  readonly threads: number;
  /** The first of `threads * bytesOfThread` bytes that nobody else uses. */
  readonly address: number;
  readonly argumentBytes: number;
}

const bytesOfTile = 192;

/** Bytes of reserved memory that a thread takes. */
export const bytesOfThread = (argumentBytes: number): number =>
  argumentBytes + wordsOfMailbox * 4 + bytesOfTile;

/** Turns that the caller looks whether a worker is done before it sleeps, where it may: about 50 microseconds. */
const patience = 5000;

interface Member {
  readonly mailbox: number;
  readonly loaded: Set<number>;
  readonly worker: StartedWorker | undefined;
  state: "starting" | "ready" | "gone";
}

/** Whether this thread may sleep: everywhere but on a browser's main thread. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}

/** Starts workers over shared memory. Where there can be none, a team of one. */
export function createTeam(memory: CpuMemory, { threads, address, argumentBytes }: TeamOptions): Team {
  const block = (i: number): number => address + i * bytesOfThread(argumentBytes);
  const sleeps = maySleep();
  const members: Member[] = [];
  let pending = 0;
  let ready: Member[] = [];
  let resolveReady = (): void => {};
  const allReady = new Promise<void>((resolve) => {
    resolveReady = resolve;
  });
  const settle = (member: Member, state: Member["state"]): void => {
    if (member.state === "starting" && --pending === 0) resolveReady();
    member.state = state;
    ready = members.filter((each) => each.state === "ready");
  };
  if (canShareMemory())
    for (let i = 0; i < threads - 1; i++) {
      const mailbox = block(i) + argumentBytes;
      memory.words.fill(0, mailbox / 4, mailbox / 4 + wordsOfMailbox);
      const worker = startWorker(
        { memory: memory.wasm, mailbox },
        () => settle(member, "ready"),
        () => settle(member, "gone"),
      );
      const member: Member = { mailbox, loaded: new Set(), worker, state: "starting" };
      if (worker === undefined) break;
      members.push(member);
      pending++;
    }
  if (pending === 0) resolveReady();

  const post = (member: Member, state: number, module: number, entry: number, at: number, length: number) => {
    const box = memory.words;
    const first = member.mailbox / 4;
    box[first + words.module] = module;
    box[first + words.entry] = entry;
    box[first + words.address] = at;
    box[first + words.length] = length;
    Atomics.store(box, first + words.state, state);
    Atomics.notify(box, first + words.state);
  };
  /** Waits until the member is idle; whether it did what it was asked for. */
  const done = (member: Member): boolean => {
    const box = memory.words;
    const at = member.mailbox / 4 + words.state;
    let turns = 0;
    for (let state = Atomics.load(box, at); state !== states.idle; state = Atomics.load(box, at))
      if (++turns > patience && sleeps) Atomics.wait(box, at, state);
    return box[member.mailbox / 4 + words.failed] === 0;
  };
  const load = (member: Member, { module, bytes }: SharedEntry): boolean => {
    if (member.loaded.has(module)) return true;
    const scratch = memory.allocateScratch(bytes.length);
    memory.bytes.set(bytes, scratch.address);
    post(member, states.load, module, 0, scratch.address, bytes.length);
    const loaded = done(member);
    memory.freeScratch(scratch);
    if (loaded) member.loaded.add(module);
    return loaded;
  };

  return {
    get size() {
      return ready.length + 1;
    },
    ready: allReady,
    blockAddress: block,
    tileAddress: (i) => block(i) + argumentBytes + wordsOfMailbox * 4,
    run(kernel, parts) {
      const posted: Member[] = [];
      let part = 0;
      for (const member of ready) {
        if (part >= parts - 1) break;
        if (!load(member, kernel)) continue;
        post(member, states.call, kernel.module, kernel.index, block(part++), 0);
        posted.push(member);
      }
      for (; part < parts; part++) kernel.entry(block(part));
      // Every worker is waited for, also after a failure: nobody may write to memory that was given back.
      const failed = posted.filter((member) => !done(member));
      if (failed.length > 0) throw new TfError("INTERNAL", "A thread of the CPU backend failed in a kernel");
    },
    close() {
      for (const member of members) {
        if (member.state === "ready") post(member, states.stop, 0, 0, 0, 0);
        member.worker?.terminate();
        settle(member, "gone");
      }
    },
  };
}

// Whose a fault is. Sessions and runs may share a backend that learns of faults late, and whoever asks first gets it: sites are therefore
// numbers that no two launches of late share, and a fault of another run's is kept for it.
import type { Backend, KernelFault } from "@org/hlo";

/** Faults that are kept for runs that have not asked yet: more are of runs that never will. */
const limit = 64;
/** Sites begin anew here. */
const sites = 2 ** 30;

/** The launches of one backend. */
export class FaultLedger {
  readonly #backend: Backend;
  readonly #faults: KernelFault[] = [];
  #next = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** The first of `count` sites. */
  takeSites(count: number): number {
    const first = this.#next;
    this.#next = (first + count) % sites;
    return first;
  }

  /** The fault of the launches at these sites, if there was one. */
  takeFault(first: number, count: number): KernelFault | undefined {
    const fault = this.#backend.takeFault();
    if (fault !== undefined) this.#faults.push(fault);
    if (this.#faults.length === 0) return undefined;
    const at = this.#faults.findIndex(({ site }) => site >= first && site < first + count);
    if (at >= 0) return this.#faults.splice(at, 1)[0];
    if (this.#faults.length > limit) this.#faults.shift();
    return undefined;
  }
}

const ledgers: WeakMap<Backend, FaultLedger> = new WeakMap();

/** The one ledger of a backend. */
export function faultLedger(backend: Backend): FaultLedger {
  let ledger = ledgers.get(backend);
  if (ledger === undefined) {
    ledger = new FaultLedger(backend);
    ledgers.set(backend, ledger);
  }
  return ledger;
}

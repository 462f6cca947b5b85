// What each library shows for a case: prepares once, then does the work once a call. A library that cannot leaves the case out.
import type { Work } from "../measure.ts";

export interface Contender {
  readonly name: string;
  /** C = A B, [n, n] float32; the product ends in JavaScript's hands or is known to be done. */
  matmul?(n: number): Work | Promise<Work>;
  /** One SGD step of the how-to's network: images and labels go in, the loss comes out. */
  trainStep?(batch: number): Work | Promise<Work>;
  /** Images in, logits out. */
  infer?(batch: number): Work | Promise<Work>;
  /** 1,000 additions, each of the last one's result, of a scalar that goes in; the sum comes out. */
  scalarAdds?(count: number): Work | Promise<Work>;
  /** Reads the .meta at `path` (bytes are in memory) into a graph. */
  importMeta?(path: string): Work | Promise<Work>;
}

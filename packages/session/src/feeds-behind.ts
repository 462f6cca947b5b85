// Which feeds a value of a plan needs: what a partial run may compute when.
import type { PlanNode, Source } from "./plan-node.ts";

/** The feeds that a source needs, over all edges. */
export function feedsBehind(source: Source): Set<number> {
  const feeds = new Set<number>();
  const seen = new Set<PlanNode>();
  const pending: PlanNode[] = [];
  const meet = ({ node, feed }: Pick<Source, "node" | "feed">): void => {
    if (node === undefined) feeds.add(feed);
    else if (!seen.has(node)) {
      seen.add(node);
      pending.push(node);
    }
  };
  meet(source);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const input of node.inputs) meet(input);
    for (const earlier of [...node.controls, ...node.after]) meet({ node: earlier, feed: -1 });
  }
  return feeds;
}

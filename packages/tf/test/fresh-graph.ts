// Before each file of tests: an empty default graph, whatever the file before has built (test files share what they import).
import { resetDefaultGraph } from "../src/default-graph.ts";

resetDefaultGraph();

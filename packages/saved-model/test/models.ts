// Small graphs and sessions for tests: all ops that run here, the plain evaluator, files in memory.

import { GraphKeys } from "@org/collections";
import { isTfError } from "@org/errors";
import { createOpRegistry, Graph, type OpRegistry, type Tensor } from "@org/graph";
import { opDefs } from "@org/graph/op-defs";
import { type FileSystem, joinPath, readFile } from "@org/io";
import { constant, standardOps } from "@org/ops";
import { createSession, type Session } from "@org/session";
import { type NdArray, toNumbers } from "@org/tensor";
import { globalVariables, globalVariablesInitializer, Variable, type VariableBase } from "@org/variables";

export const ops: OpRegistry = createOpRegistry(standardOps, { fallback: opDefs() });

export const newGraph = (): Graph => new Graph({ ops });

/** Runs `body` with a session on `graph`, and closes it. */
export async function withSession<R>(
  fs: FileSystem,
  body: (session: Session, graph: Graph) => Promise<R>,
  graph: Graph = newGraph(),
): Promise<R> {
  const session = await createSession(graph, { fs, ops });
  try {
    return await body(session, graph);
  } finally {
    await session.close();
  }
}

/** An int32 scalar variable. */
export const intVariable = (graph: Graph, name: string, value: number): Variable =>
  new Variable(value, { graph, name, dtype: "int32" });

export const initialize = (session: Session): Promise<unknown> =>
  session.run([], { targets: [globalVariablesInitializer(session.graph)] });

/** A graph with variables of these values, initialised, in a session. */
export function withVariables<R>(
  fs: FileSystem,
  values: Readonly<Record<string, number>>,
  body: (session: Session, graph: Graph, variables: Variable[]) => Promise<R>,
): Promise<R> {
  return withSession(fs, async (session, graph) => {
    const variables = Object.entries(values).map(([name, value]) => intVariable(graph, name, value));
    await initialize(session);
    return body(session, graph, variables);
  });
}

/** The number that a scalar holds. */
export async function numberOf(session: Session, fetch: string | Tensor | VariableBase): Promise<number> {
  const value = (await session.run(fetch as string)) as unknown as NdArray;
  return toNumbers(value)[0]!;
}

/** The values of the collection `variables`, in order. */
export async function globalValues(session: Session): Promise<number[]> {
  const values: number[] = [];
  for (const variable of globalVariables(session.graph)) values.push(await numberOf(session, variable));
  return values;
}

/** Writes a file and adds a constant of its path to the collection `asset_filepaths`; yields the collection. */
export async function addAsset(
  graph: Graph,
  fs: FileSystem,
  path: string,
  content: string,
  name: string,
): Promise<Tensor[]> {
  await writeText(fs, path, content);
  graph.addToCollection(GraphKeys.ASSET_FILEPATHS, constant(path, "string", { graph, name }));
  return graph.getCollection(GraphKeys.ASSET_FILEPATHS) as Tensor[];
}

export async function writeText(fs: FileSystem, path: string, content: string | Uint8Array): Promise<void> {
  const directory = path.slice(0, path.lastIndexOf("/"));
  if (directory !== "") await fs.makeDirectory(directory);
  const sink = await fs.create(path);
  await sink.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
  await sink.close();
}

export const textOf = async (fs: FileSystem, path: string): Promise<string> =>
  new TextDecoder().decode(await readFile(fs, path));

/** "CODE: sentence" of the TfError that `action` ends with, "TypeError: ..." of another, "no error". */
export async function failure(action: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof action === "function" ? action() : action);
    return "no error";
  } catch (error) {
    return isTfError(error) ? `${error.code}: ${error.sentence}` : String(error);
  }
}

/** Every file below a directory with its size. */
export async function filesBelow(fs: FileSystem, directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await fs.list(directory)) {
    const path = joinPath(directory, name);
    if ((await fs.stat(path))?.isDirectory)
      found.push(...(await filesBelow(fs, path)).map((below) => `${name}/${below}`));
    else found.push(name);
  }
  return found;
}

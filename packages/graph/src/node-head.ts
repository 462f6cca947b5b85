// Name and inputs of an operation as fields of a node: out of the graph's names, or, where an import only put a prefix before
// every name, out of the bytes of the file. Both give the same bytes. Not here: op, device and attributes (node-writer.ts).
import { type NodeTable, nodeFlags } from "@org/proto/nodes";
import type { Operation } from "./operation.ts";
import { fieldSize, type WireChunks } from "./wire-chunks.ts";

const tags = { name: 0x0a, input: 0x1a } as const;

/** How name and inputs of an operation are written: their size first, since a message begins with its length. */
export interface NodeHead {
  /** Bytes of the name's field. */
  nameSize(op: Operation): number;
  /** Bytes of the inputs' fields. */
  inputsSize(op: Operation): number;
  writeName(op: Operation, out: WireChunks): void;
  writeInputs(op: Operation, out: WireChunks): void;
}

/** Whether an operation has as many inputs as its node in the file had, and each is written as there but for its node's name. */
export function keepsInputs(op: Operation, table: NodeTable): boolean {
  const i = op.position;
  return (
    !op.rewired &&
    (table.flags[i]! & nodeFlags.longInput) === 0 &&
    op.inputs.length + op.controlInputs.length === table.inputFirst[i + 1]! - table.inputFirst[i]!
  );
}

const digits = (output: number): number => (output < 10 ? 1 : String(output).length);

/** Out of the names in the graph. */
export const namedHead: NodeHead = {
  nameSize: (op) => fieldSize(op.name.length),

  inputsSize(op) {
    let size = 0;
    for (const { op: source, valueIndex } of op.inputs)
      size += fieldSize(source.name.length + (valueIndex === 0 ? 0 : 1 + digits(valueIndex)));
    for (const control of op.orderedControls()) size += fieldSize(1 + control.name.length);
    return size;
  },

  writeName: (op, out) => out.ascii(tags.name, op.name),

  writeInputs(op, out) {
    for (const { op: source, valueIndex } of op.inputs)
      out.ascii(tags.input, valueIndex === 0 ? source.name : `${source.name}:${valueIndex}`);
    for (const control of op.orderedControls()) out.ascii(tags.input, `^${control.name}`);
  },
};

/** Out of the file, `prefix` before every name: for operations that `keepsInputs`. */
export function prefixedHead(table: NodeTable, prefix: Uint8Array): NodeHead {
  const { bytes, nameStart, nameEnd, inputFirst, inputStart, inputEnd, inputOutput } = table;
  /** Length of input `k` as it is written. */
  const inputLength = (k: number): number => {
    const output = inputOutput[k]!;
    const name = prefix.length + inputEnd[k]! - inputStart[k]!;
    return output === 0 ? name : output < 0 ? name + 1 : name + 1 + digits(output);
  };
  return {
    nameSize: ({ position: i }) => fieldSize(prefix.length + nameEnd[i]! - nameStart[i]!),

    inputsSize({ position: i }) {
      let size = 0;
      for (let k = inputFirst[i]!; k < inputFirst[i + 1]!; k++) size += fieldSize(inputLength(k));
      return size;
    },

    writeName({ position: i }, out) {
      out.header(tags.name, prefix.length + nameEnd[i]! - nameStart[i]!);
      out.copy(prefix, 0, prefix.length);
      out.copy(bytes, nameStart[i]!, nameEnd[i]!);
    },

    writeInputs({ position: i }, out) {
      for (let k = inputFirst[i]!; k < inputFirst[i + 1]!; k++) {
        const output = inputOutput[k]!;
        out.header(tags.input, inputLength(k));
        if (output < 0) out.characters("^");
        out.copy(prefix, 0, prefix.length);
        out.copy(bytes, inputStart[k]!, inputEnd[k]!);
        if (output > 0) out.characters(`:${output}`);
      }
    },
  };
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import descriptor from "protobufjs/ext/descriptor.js";
import { describe, expect, it } from "vitest";
import { enums, types } from "../src/gen/fields.js";
import { hasShared, shared } from "./shared.ts";

// What descriptors have and we leave out: nothing here is in a MetaGraph, graph, checkpoint, SavedModel, event, example or RunOptions.
const leftOut = [
  /^tensorflow\.(core|data|dummy|profiler|eager)\./,
  /^tensorflow\.(ExampleParserConfiguration|FixedLenFeatureProto|VarLenFeatureProto|FeatureConfiguration)/,
  /^tensorflow\.(ApiDef|ApiDefs|KernelDef|KernelList|GraphTransfer\w+|RemoteFusedGraphExecuteInfo)\b/,
  /^tensorflow\.(OptimizedFunctionGraph|CompositeTensorVariant\w*|TransportOptions|RecvBufRespExtra)\b/,
  /^tensorflow\.(Memmapped\w+|StatusProto|DerivedStatus|SnapShot\w*|DebugEvent|DebugMetadata|SourceFile)\b/,
  /^tensorflow\.(StackFrameWithId|CodeLocation|GraphOpCreation|DebuggedGraph|DebuggedDevice|Execution|GraphExecutionTrace|TensorDebugMode)\b/,
  /^tensorflow\.(EntryValue|MetricEntry|BenchmarkEntr\w+|BuildConfiguration|CommitId|CPUInfo|MemoryInfo|GPUInfo|PlatformInfo|AvailableDeviceInfo|MachineConfiguration|RunConfiguration|TestResults)\b/,
  /^tensorflow\.(MemAllocatorStats|MemChunk|BinSummary|SnapShot|MemoryDump)\b/,
];

/** Fields whose name or type an older version had otherwise; the wire format is the same. */
const renamed: Record<string, string> = {
  "1.0.1 tensorflow.TensorProto.resource_handle_val": "the message ResourceHandle became ResourceHandleProto",
  "1.0.1 tensorflow.TensorInfo.name": "became a member of the oneof `encoding`",
  "1.0.1 tensorflow.TensorSliceProto.Extent.length": "the oneof `has_length` became `has_length_hack`",
  "1.15.5 tensorflow.TensorSliceProto.Extent.length": "the oneof `has_length` became `has_length_hack`",
};

const scalarNames: Record<number, string> = {
  1: "double",
  2: "float",
  3: "int64",
  4: "uint64",
  5: "int32",
  6: "fixed64",
  7: "fixed32",
  8: "bool",
  9: "string",
  12: "bytes",
  13: "uint32",
  15: "sfixed32",
  16: "sfixed64",
  17: "sint32",
  18: "sint64",
};

interface Field {
  name: string;
  number: number;
  type: number;
  label: number;
  typeName?: string;
  oneofIndex?: number;
}
interface Message {
  name: string;
  field: Field[];
  nestedType: Message[];
  enumType: { name: string; value: { name: string; number: number }[] }[];
  oneofDecl: { name: string }[];
  options?: { mapEntry?: boolean };
}
interface FileSet {
  file: { package: string; messageType: Message[]; enumType: Message["enumType"] }[];
}

/** protobufjs' reflection, which reads the descriptors here, compiles code; our packages do not. */
const canCompile = (() => {
  try {
    return new Function("return true")() as boolean;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasShared || !canCompile).each(["1.0.1", "1.15.5", "2.21.0"])(
  "the schema of TensorFlow %s (skipped without the folder `shared`, or where code from strings is forbidden)",
  (version) => {
    const path = join(shared, `tf/descriptors-${version}.pb`);
    const set =
      hasShared && canCompile && canCompile
        ? (descriptor.FileDescriptorSet.decode(readFileSync(path)) as unknown as FileSet)
        : { file: [] };
    const missing: string[] = [];
    const wrong: string[] = [];
    let fields = 0;

    const checkEnum = (prefix: string, type: Message["enumType"][number]) => {
      const ours = enums[`${prefix}.${type.name}`];
      if (ours === undefined) missing.push(`${prefix}.${type.name}`);
      else
        for (const value of type.value)
          if (ours[value.name] !== value.number) wrong.push(`${prefix}.${type.name}.${value.name}`);
    };
    const checkMessage = (prefix: string, message: Message) => {
      const name = `${prefix}.${message.name}`;
      const ours = types[name];
      if (ours === undefined) {
        missing.push(name);
        return;
      }
      for (const field of message.field) {
        fields++;
        const entry = message.nestedType.find(
          (nested) => nested.options?.mapEntry && field.typeName?.endsWith(`.${message.name}.${nested.name}`),
        );
        const typeOf = (f: Field) => (f.typeName ? f.typeName.slice(1) : scalarNames[f.type]);
        const oneof = Object.hasOwn(field, "oneofIndex")
          ? message.oneofDecl[field.oneofIndex!]!.name
          : undefined;
        const row = ours.find((candidate) => candidate.number === field.number);
        const expected = {
          name: field.name,
          type: entry ? typeOf(entry.field[1]!) : typeOf(field),
          map: entry && typeOf(entry.field[0]!),
          repeated: field.label === 3 && !entry ? true : undefined,
          oneof,
        };
        const actual = row && {
          name: row.name,
          type: row.type,
          map: row.map,
          repeated: row.repeated,
          oneof: row.oneof,
        };
        if (JSON.stringify(actual) === JSON.stringify(expected)) continue;
        const difference = `${name}.${field.number}: ${JSON.stringify(expected)} here ${JSON.stringify(actual)}`;
        if (renamed[`${version} ${name}.${field.name}`] === undefined) wrong.push(difference);
      }
      for (const nested of message.nestedType) if (!nested.options?.mapEntry) checkMessage(name, nested);
      for (const type of message.enumType) checkEnum(name, type);
    };
    for (const file of set.file) {
      for (const message of file.messageType) checkMessage(file.package, message);
      for (const type of file.enumType) checkEnum(file.package, type);
    }

    it("has numbers, names, types, labels, oneofs and enum values as here", () => {
      expect(wrong).toEqual([]);
      expect(fields).toBeGreaterThan(300);
    });

    it("has no message that is left out by mistake", () => {
      expect(missing.filter((name) => !leftOut.some((pattern) => pattern.test(name)))).toEqual([]);
    });
  },
);

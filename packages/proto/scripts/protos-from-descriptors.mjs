// Writes protos/ from serialized FileDescriptorSets: the newest first, then what older ones have besides.
// Run by hand when the schema grows:  node scripts/protos-from-descriptors.mjs NEWEST.pb [OLDER.pb ...]
// Comments of the originals are not carried over. Files in protos/ that no set holds are left alone.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import descriptor from "protobufjs/ext/descriptor.js";

/** What MetaGraphs, graphs, checkpoints, SavedModels, events, examples and sessions are made of. */
const wanted = [
  "google/protobuf/any.proto",
  "google/protobuf/wrappers.proto",
  "tensorflow/core/example/example.proto",
  "tensorflow/core/example/feature.proto",
  "tensorflow/core/framework/allocation_description.proto",
  "tensorflow/core/framework/attr_value.proto",
  "tensorflow/core/framework/cost_graph.proto",
  "tensorflow/core/framework/device_attributes.proto",
  "tensorflow/core/framework/full_type.proto",
  "tensorflow/core/framework/function.proto",
  "tensorflow/core/framework/graph.proto",
  "tensorflow/core/framework/graph_debug_info.proto",
  "tensorflow/core/framework/log_memory.proto",
  "tensorflow/core/framework/node_def.proto",
  "tensorflow/core/framework/op_def.proto",
  "tensorflow/core/framework/reader_base.proto",
  "tensorflow/core/framework/resource_handle.proto",
  "tensorflow/core/framework/step_stats.proto",
  "tensorflow/core/framework/summary.proto",
  "tensorflow/core/framework/tensor.proto",
  "tensorflow/core/framework/tensor_description.proto",
  "tensorflow/core/framework/tensor_shape.proto",
  "tensorflow/core/framework/tensor_slice.proto",
  "tensorflow/core/framework/types.proto",
  "tensorflow/core/framework/variable.proto",
  "tensorflow/core/framework/versions.proto",
  "tensorflow/core/protobuf/cluster.proto",
  "tensorflow/core/protobuf/config.proto",
  "tensorflow/core/protobuf/control_flow.proto",
  "tensorflow/core/protobuf/debug.proto",
  "tensorflow/core/protobuf/device_properties.proto",
  "tensorflow/core/protobuf/fingerprint.proto",
  "tensorflow/core/protobuf/meta_graph.proto",
  "tensorflow/core/protobuf/named_tensor.proto",
  "tensorflow/core/protobuf/queue_runner.proto",
  "tensorflow/core/protobuf/rewriter_config.proto",
  "tensorflow/core/protobuf/saved_model.proto",
  "tensorflow/core/protobuf/saved_object_graph.proto",
  "tensorflow/core/protobuf/saver.proto",
  "tensorflow/core/protobuf/struct.proto",
  "tensorflow/core/protobuf/tensor_bundle.proto",
  "tensorflow/core/protobuf/tensorflow_server.proto",
  "tensorflow/core/protobuf/device_filters.proto",
  "tensorflow/core/protobuf/trackable_object_graph.proto",
  "tensorflow/core/protobuf/verifier_config.proto",
  "tensorflow/core/util/event.proto",
  "tensorflow/core/util/saved_tensor_slice.proto",
  "xla/tsl/protobuf/coordination_config.proto",
  "xla/tsl/protobuf/error_codes.proto",
  "xla/tsl/protobuf/histogram.proto",
  "xla/tsl/protobuf/rpc_options.proto",
];

/** Where a file that moved between versions lives here. */
const home = {
  "xla/tsl/protobuf/error_codes.proto": "tensorflow/core/lib/core/error_codes.proto",
  "xla/tsl/protobuf/coordination_config.proto": "tensorflow/core/protobuf/coordination_config.proto",
  "xla/tsl/protobuf/histogram.proto": "tensorflow/core/framework/histogram.proto",
  "xla/tsl/protobuf/rpc_options.proto": "tensorflow/core/protobuf/rpc_options.proto",
  "tensorflow/core/protobuf/rpc_options.proto": "tensorflow/core/protobuf/rpc_options.proto",
  "tensorflow/core/protobuf/graph_debug_info.proto": "tensorflow/core/framework/graph_debug_info.proto",
};
const homeOf = (name) => home[name] ?? name;

const scalar = {
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

const sets = process.argv.slice(2).map((path) => descriptor.FileDescriptorSet.decode(readFileSync(path)));
if (sets.length === 0) throw new Error("usage: protos-from-descriptors.mjs NEWEST.pb [OLDER.pb ...]");
const out = join(dirname(fileURLToPath(import.meta.url)), "../protos");

/** Adds to `into` what `from` has besides: messages, fields, enum values. */
function mergeMessage(into, from) {
  for (const field of from.field) {
    if (into.field.some((have) => have.number === field.number || have.name === field.name)) continue;
    let oneof = field.oneofIndex;
    if (Object.hasOwn(field, "oneofIndex")) {
      const name = from.oneofDecl[oneof].name;
      oneof = into.oneofDecl.findIndex((decl) => decl.name === name);
      if (oneof < 0) oneof = into.oneofDecl.push(from.oneofDecl[field.oneofIndex]) - 1;
      field.oneofIndex = oneof;
    }
    into.field.push(field);
  }
  mergeLists(into, from, "nestedType", "enumType");
}
function mergeEnum(into, from) {
  for (const value of from.value)
    if (!into.value.some((have) => have.number === value.number || have.name === value.name))
      into.value.push(value);
}
function mergeLists(into, from, messages, enums) {
  for (const message of from[messages]) {
    const have = into[messages].find((m) => m.name === message.name);
    if (have) mergeMessage(have, message);
    else into[messages].push(message);
  }
  for (const type of from[enums]) {
    const have = into[enums].find((e) => e.name === type.name);
    if (have) mergeEnum(have, type);
    else into[enums].push(type);
  }
}

const files = new Map();
const names = new Set(wanted.map(homeOf));
for (const set of sets) {
  const definedAlready = new Set(
    [...files.values()].flatMap((f) => f.messageType.map((m) => `${f.package}.${m.name}@${f.name}`)),
  );
  for (const file of set.file) {
    const name = homeOf(file.name);
    if (!names.has(name) || (file.messageType.length === 0 && file.enumType.length === 0)) continue;
    const have = files.get(name);
    const elsewhere = (m) =>
      [...definedAlready].some((d) => d.startsWith(`${file.package}.${m.name}@`) && !d.endsWith(`@${name}`));
    file.messageType = file.messageType.filter((m) => !elsewhere(m));
    if (have) mergeLists(have, file, "messageType", "enumType");
    else files.set(name, Object.assign(file, { name }));
  }
}

/** Full name of each type -> the file that has it. */
const fileOfType = new Map();
for (const file of files.values()) {
  const visit = (prefix, message) => {
    fileOfType.set(`${prefix}.${message.name}`, file.name);
    for (const nested of message.nestedType) visit(`${prefix}.${message.name}`, nested);
    for (const type of message.enumType) fileOfType.set(`${prefix}.${message.name}.${type.name}`, file.name);
  };
  for (const message of file.messageType) visit(`.${file.package}`, message);
  for (const type of file.enumType) fileOfType.set(`.${file.package}.${type.name}`, file.name);
}

for (const file of files.values()) {
  const imports = new Set();
  const lines = [];
  const typeName = (field) => {
    if (field.typeName) {
      const at = fileOfType.get(field.typeName);
      if (at === undefined) throw new Error(`${file.name}: ${field.name} needs ${field.typeName}`);
      if (at !== file.name) imports.add(at);
      return field.typeName;
    }
    return scalar[field.type];
  };
  const proto2 = file.syntax !== "proto3";
  const writeField = (field, message, indent, inOneof) => {
    const entry =
      field.typeName &&
      message.nestedType.find(
        (n) => n.options?.mapEntry && field.typeName.endsWith(`.${message.name}.${n.name}`),
      );
    let label =
      field.label === 3
        ? "repeated "
        : proto2 && !inOneof
          ? field.label === 2
            ? "required "
            : "optional "
          : "";
    let type;
    if (entry) {
      label = "";
      type = `map<${typeName(entry.field[0])}, ${typeName(entry.field[1])}>`;
    } else type = typeName(field);
    if (field.proto3Optional) label = "optional ";
    const options = [];
    if (field.options && Object.hasOwn(field.options, "packed"))
      options.push(`packed = ${field.options.packed}`);
    if (field.options?.deprecated) options.push("deprecated = true");
    lines.push(
      `${indent}${label}${type} ${field.name} = ${field.number}${options.length ? ` [${options.join(", ")}]` : ""};`,
    );
  };
  const writeEnum = (type, indent) => {
    lines.push(`${indent}enum ${type.name} {`);
    if (type.options?.allowAlias) lines.push(`${indent}  option allow_alias = true;`);
    for (const value of type.value) lines.push(`${indent}  ${value.name} = ${value.number};`);
    lines.push(`${indent}}`);
  };
  const writeMessage = (message, indent) => {
    lines.push(`${indent}message ${message.name} {`);
    for (const type of message.enumType) writeEnum(type, `${indent}  `);
    for (const nested of message.nestedType)
      if (!nested.options?.mapEntry) writeMessage(nested, `${indent}  `);
    const done = new Set();
    for (const field of message.field) {
      if (Object.hasOwn(field, "oneofIndex") && !field.proto3Optional) {
        if (done.has(field.oneofIndex)) continue;
        done.add(field.oneofIndex);
        lines.push(`${indent}  oneof ${message.oneofDecl[field.oneofIndex].name} {`);
        for (const member of message.field)
          if (Object.hasOwn(member, "oneofIndex") && member.oneofIndex === field.oneofIndex)
            writeField(member, message, `${indent}    `, true);
        lines.push(`${indent}  }`);
      } else writeField(field, message, `${indent}  `, false);
    }
    lines.push(`${indent}}`);
  };
  for (const type of file.enumType) {
    writeEnum(type, "");
    lines.push("");
  }
  for (const message of file.messageType) {
    writeMessage(message, "");
    lines.push("");
  }
  const head = [`syntax = "${proto2 ? "proto2" : "proto3"}";`, "", `package ${file.package};`, ""];
  for (const name of [...imports].sort()) head.push(`import "${name}";`);
  if (imports.size) head.push("");
  const path = join(out, file.name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${[...head, ...lines].join("\n").trimEnd()}\n`);
}

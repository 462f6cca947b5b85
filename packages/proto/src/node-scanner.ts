// Fills a NodeTable: walks each node's bytes once, without making objects, and finds its signature. It takes only what it is sure of
// (fields in order, lengths that fit, UTF-8, tensors and `_class` in their usual form); any other node it hands back, to be decoded.
import { ByteInterner, finishHash, hashFactor, hashSeed } from "./byte-interner.ts";
import { decodeRange, type NodeTable, nodeFlags } from "./node-table.ts";
import { MessageReader } from "./wire.ts";

const inputColumns = ["inputStart", "inputEnd", "inputHash", "inputOutput"] as const;

/** Grows by doubling. */
class Column {
  values: Int32Array;
  length = 0;
  constructor(capacity: number) {
    this.values = new Int32Array(Math.max(16, capacity));
  }
  push(value: number): void {
    if (this.length === this.values.length) {
      const wider = new Int32Array(this.length * 2);
      wider.set(this.values);
      this.values = wider;
    }
    this.values[this.length++] = value;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A varint of up to five bytes at `pos`: its value times 8 plus its length; -1 where there is none. */
export function shortVarint(bytes: Uint8Array, pos: number, end: number): number {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 5 && pos + i < end; i++) {
    const byte = bytes[pos + i]!;
    value += (byte & 127) * scale;
    if (byte < 128) return value * 8 + i + 1;
    scale *= 128;
  }
  return -1;
}

/** Fills a table; one use. */
export class NodeScanner {
  private readonly table: NodeTable;
  private readonly bytes: Uint8Array;
  private readonly opIds = new ByteInterner();
  private readonly deviceIds = new ByteInterner();
  private readonly signatureIds = new ByteInterner();
  private readonly inputStart: Column;
  private readonly inputEnd: Column;
  private readonly inputHash: Column;
  private readonly inputOutput: Column;
  private scratch = new Uint8Array(1024);

  constructor(table: NodeTable) {
    this.table = table;
    this.bytes = table.bytes;
    const column = (): Column => new Column(table.count * 2);
    this.inputStart = column();
    this.inputEnd = column();
    this.inputHash = column();
    this.inputOutput = column();
    const none = new Uint8Array(0);
    this.deviceIds.idOf(0, none, 0, 0, finishHash(hashSeed));
    this.opIds.idOf(0, none, 0, 0, finishHash(hashSeed));
    table.devices.push("");
    table.ops.push("");
  }

  finish(): void {
    const { table } = this;
    table.inputFirst[table.count] = this.inputStart.length;
    for (const key of inputColumns) table[key] = this[key].values.subarray(0, this[key].length);
  }

  /** Reads the node whose body is [start, end); false where it has to be written anew first. */
  node(i: number, start: number, end: number): boolean {
    const { bytes, table } = this;
    const firstInput = this.inputStart.length;
    table.inputFirst[i] = firstInput;
    table.nameStart[i] = table.nameEnd[i] = start;
    table.nameHash[i] = finishHash(hashSeed);
    table.op[i] = table.device[i] = table.flags[i] = 0;
    table.classStart[i] = table.classEnd[i] = 0;
    table.start[i] = start;
    table.end[i] = end;
    let last = 0;
    let pos = start;
    let attrStart = 0;
    let attrEnd = 0;
    while (pos < end) {
      const tag = bytes[pos]!;
      let length = bytes[pos + 1]!;
      let from = pos + 2;
      if (length >= 128) {
        const read = shortVarint(bytes, pos + 1, end);
        if (read < 0) break;
        length = Math.floor(read / 8);
        from = pos + 1 + (read & 7);
      }
      const to = from + length;
      if (!(to <= end)) break;
      if (tag === 0x1a) {
        if (last > 3) break;
        if (!this.input(i, from, to)) break;
      } else if (tag === 0x2a) {
        if (last > 5) break;
        if (attrEnd === 0) attrStart = pos;
        attrEnd = to;
      } else if (tag === 0x0a || tag === 0x12 || tag === 0x22) {
        if (last >= tag >> 3) break;
        if (!this.text(i, tag, from, to)) break;
      } else break;
      last = tag >> 3;
      pos = to;
    }
    if (pos < end) {
      // Fields that every node may have and few do, unknown ones among them: they come last, or the node is written anew.
      table.flags[i]! |= nodeFlags.extra;
      if (!this.areExtras(pos, end)) return this.takeBack(firstInput);
      if (attrEnd === 0) attrStart = attrEnd = pos;
    }
    if (attrEnd === 0) attrStart = attrEnd = end;
    table.attrStart[i] = attrStart;
    table.attrEnd[i] = attrEnd;
    return this.attributes(i, attrStart, attrEnd) || this.takeBack(firstInput);
  }

  private takeBack(inputs: number): false {
    for (const key of inputColumns) this[key].length = inputs;
    return false;
  }

  /** Whether [start, end) are whole fields, none of them one that should have come before. */
  private areExtras(start: number, end: number): boolean {
    const reader = new MessageReader(this.bytes);
    reader.pos = start;
    reader.len = end;
    try {
      while (reader.pos < end) {
        const tag = reader.tag();
        if (tag === 0x0a || tag === 0x12 || tag === 0x1a || tag === 0x22 || tag === 0x2a) return false;
        reader.skipType(tag & 7, 0, tag >>> 3);
      }
      return reader.pos === end && decodeRange(this.bytes, start, end) !== undefined;
    } catch {
      return false;
    }
  }

  private text(i: number, tag: number, from: number, to: number): boolean {
    const { bytes, table } = this;
    let h = hashSeed;
    let all = 0;
    for (let p = from; p < to; p++) {
      const byte = bytes[p]!;
      h = Math.imul(h ^ byte, hashFactor);
      all |= byte;
    }
    if (all >= 128 && !isUtf8(bytes, from, to)) return false;
    h = finishHash(h);
    if (tag === 0x0a) {
      table.nameStart[i] = from;
      table.nameEnd[i] = to;
      table.nameHash[i] = h;
      return true;
    }
    const [ids, names, column] =
      tag === 0x12 ? [this.opIds, table.ops, table.op] : [this.deviceIds, table.devices, table.device];
    const id = ids.idOf(0, bytes, from, to, h);
    if (id === names.length) names.push(utf8.decode(bytes.subarray(from, to)));
    column[i] = id;
    return true;
  }

  private input(i: number, start: number, to: number): boolean {
    const { bytes } = this;
    const control = bytes[start] === 0x5e && to > start;
    const from = control ? start + 1 : start;
    let h = hashSeed;
    let all = 0;
    let colon = -1;
    let beforeColon = 0;
    for (let p = from; p < to; p++) {
      const byte = bytes[p]!;
      if (byte === 0x3a) {
        colon = p;
        beforeColon = h;
      }
      h = Math.imul(h ^ byte, hashFactor);
      all |= byte;
    }
    if (all >= 128 && !isUtf8(bytes, from, to)) return false;
    let end = to;
    let output = control ? -1 : 0;
    if (!control && colon > from && to - colon >= 2 && to - colon <= 10) {
      let value = 0;
      for (let p = colon + 1; p < to; p++) {
        const digit = bytes[p]! - 48;
        value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
      }
      if (value >= 0) {
        end = colon;
        output = value;
        h = beforeColon;
        // "n:0" and "n:01" are read, and not written so.
        if (value === 0 || bytes[colon + 1] === 48) this.table.flags[i]! |= nodeFlags.longInput;
      }
    }
    this.inputStart.push(from);
    this.inputEnd.push(end);
    this.inputHash.push(finishHash(h));
    this.inputOutput.push(output);
    return true;
  }

  /** Finds the signature of the attributes [start, end). */
  private attributes(i: number, start: number, end: number): boolean {
    const { bytes, table } = this;
    const op = table.op[i]!;
    let h = Math.imul(hashSeed ^ op, hashFactor);
    // Where what is compared lies: in the file, until something has to be left out.
    let scratchAt = -1;
    let cut = false;
    let pos = start;
    while (pos < end) {
      const entry = pos;
      const read = shortVarint(bytes, pos + 1, end);
      if (read < 0) return false;
      const entryStart = pos + 1 + (read & 7);
      const entryEnd = entryStart + Math.floor(read / 8);
      pos = entryEnd;
      const keyRead = shortVarint(bytes, entryStart + 1, entryEnd);
      if (bytes[entryStart] !== 0x0a || keyRead < 0) return false;
      const keyLength = Math.floor(keyRead / 8);
      const key = entryStart + 1 + (keyRead & 7);
      const keyEnd = key + keyLength;
      if (keyEnd >= entryEnd || bytes[keyEnd] !== 0x12) return false;
      const size = shortVarint(bytes, keyEnd + 1, entryEnd);
      const value = keyEnd + 1 + (size & 7);
      if (size < 0 || value + Math.floor(size / 8) !== entryEnd) return false;
      let header = 0;
      if (value < entryEnd) {
        const kind = bytes[value]!;
        if (kind === 0x42) header = this.tensorHeader(value, entryEnd);
        else if (kind === 0x0a && keyLength === 6 && this.isPlainClass(key, value, entryEnd)) {
          if (table.classEnd[i] !== 0) return false;
          header = -1;
        }
      }
      if (header === 0) {
        if (scratchAt >= 0) scratchAt = this.keep(scratchAt, entry, entryEnd);
        for (let p = entry; p < entryEnd; p++) h = Math.imul(h ^ bytes[p]!, hashFactor);
        continue;
      }
      if (scratchAt < 0) scratchAt = this.keep(0, start, entry);
      if (header < 0) {
        table.classStart[i] = entry;
        table.classEnd[i] = entryEnd;
        continue;
      }
      // The same entry with a tensor of header alone.
      cut = true;
      const before = scratchAt;
      const [tensor] = this.tensorStart(value, entryEnd);
      scratchAt = this.cutEntry(scratchAt, entryStart, keyEnd, tensor, header);
      for (let p = before; p < scratchAt; p++) h = Math.imul(h ^ this.scratch[p]!, hashFactor);
    }
    h = finishHash(h ^ (cut ? 1 : 0));
    const owner = op * 2 + (cut ? 1 : 0);
    const id =
      scratchAt >= 0
        ? this.signatureIds.idOf(owner, this.scratch, 0, scratchAt, h)
        : this.signatureIds.idOf(owner, bytes, start, end, h);
    if (id === table.signatures.length) {
      const shared = this.signatureIds.values[id]!;
      table.signatures.push({ op: table.ops[op]!, attr: decodeRange(shared, 0, shared.length).attr, cut });
    }
    table.signature[i] = id;
    if (cut) table.flags[i]! |= nodeFlags.cut;
    return true;
  }

  private reserve(size: number): void {
    if (size <= this.scratch.length) return;
    const wider = new Uint8Array(2 * size);
    wider.set(this.scratch);
    this.scratch = wider;
  }

  private keep(at: number, from: number, to: number): number {
    this.reserve(at + to - from);
    const { scratch, bytes } = this;
    for (let p = from, q = at; p < to; p++) scratch[q++] = bytes[p]!;
    return at + to - from;
  }

  /** The entry again with a tensor of [tensor, header) alone. */
  private cutEntry(at: number, keyStart: number, keyEnd: number, tensor: number, header: number): number {
    // Headers are short (see tensorHeader): their lengths take a byte.
    const tensorSize = header - tensor;
    let size = keyEnd - keyStart + 4 + tensorSize;
    this.reserve(at + 6 + size);
    let to = at;
    this.scratch[to++] = 0x2a;
    for (; size >= 128; size >>>= 7) this.scratch[to++] = (size & 127) | 128;
    this.scratch[to++] = size;
    to = this.keep(to, keyStart, keyEnd);
    this.scratch[to++] = 0x12;
    this.scratch[to++] = tensorSize + 2;
    this.scratch[to++] = 0x42;
    this.scratch[to++] = tensorSize;
    return this.keep(to, tensor, header);
  }

  /** Start and end of the TensorProto that the AttrValue at `value` holds; [0, 0] unless it holds that alone. */
  private tensorStart(value: number, end: number): readonly [number, number] {
    const read = shortVarint(this.bytes, value + 1, end);
    if (read < 0) return [0, 0];
    const start = value + 1 + (read & 7);
    return start + Math.floor(read / 8) === end ? [start, end] : [0, 0];
  }

  /** Where a tensor's dtype and shape end and its values begin; 0 where the tensor is not as usual. */
  private tensorHeader(value: number, end: number): number {
    const { bytes } = this;
    const [start, stop] = this.tensorStart(value, end);
    if (stop === 0) return 0;
    let pos = start;
    if (bytes[pos] === 0x08 && pos + 1 < stop && bytes[pos + 1]! < 128) pos += 2;
    if (bytes[pos] === 0x12 && pos < stop) {
      const length = bytes[pos + 1]!;
      if (pos + 1 >= stop || length > 100 || pos + 2 + length > stop) return 0;
      pos += 2 + length;
    }
    return pos - start <= 104 && pos > start && this.plainValues(pos, stop) ? pos : 0;
  }

  /** Whether [pos, end) are values of a TensorProto that nothing can be wrong with: bytes, packed numbers or strings of one kind. */
  private plainValues(pos: number, end: number): boolean {
    const { bytes } = this;
    if (pos === end) return true;
    const tag = bytes[pos]!;
    const read = shortVarint(bytes, pos + 1, end);
    if (read < 0) return false;
    const from = pos + 1 + (read & 7);
    const size = Math.floor(read / 8);
    if (tag === 0x42) return this.areFields(0x42, pos, end);
    if (from + size !== end) return false;
    if (tag === 0x22) return true;
    if (tag === 0x2a) return size % 4 === 0;
    if (tag === 0x32) return size % 8 === 0;
    // int_val, int64_val, bool_val, half_val
    return (tag === 0x3a || tag === 0x52 || tag === 0x5a || tag === 0x6a) && areVarints(bytes, from, end);
  }

  /** Whether [start, end) are fields with that tag, each a length and as many bytes. */
  private areFields(tag: number, start: number, end: number): boolean {
    let pos = start;
    while (pos < end) {
      const read = this.bytes[pos] === tag ? shortVarint(this.bytes, pos + 1, end) : -1;
      if (read < 0) return false;
      pos += 1 + (read & 7) + Math.floor(read / 8);
    }
    return pos === end;
  }

  /** Whether the entry is `_class` with a list of strings and nothing else. */
  private isPlainClass(key: number, value: number, end: number): boolean {
    const { bytes } = this;
    for (let k = 0; k < 6; k++) if (bytes[key + k] !== classKey.charCodeAt(k)) return false;
    const [start, stop] = this.tensorStart(value, end);
    return stop !== 0 && this.areFields(0x12, start, stop);
  }
}

const classKey = "_class";

function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  try {
    utf8.decode(bytes.subarray(start, end));
    return true;
  } catch {
    return false;
  }
}

/** Whether [start, end) are whole varints, none too long. */
function areVarints(bytes: Uint8Array, start: number, end: number): boolean {
  let length = 0;
  for (let p = start; p < end; p++) {
    if (bytes[p]! < 128) length = 0;
    else if (++length > 9) return false;
  }
  return length === 0;
}

// A small WebAssembly assembler: expressions are typed values that carry their code, functions collect
// statements, a module gives bytes. It knows structure (sections, locals, blocks), not kernels; opcodes are
// in wasm-opcodes.ts. It does not optimise, and it does not verify beyond TypeScript's types: the engine does.
// Spec: https://webassembly.github.io/spec/core/binary/.

export type ValType = "i32" | "i64" | "f32" | "f64" | "v128";

/** Bytes, nested so that putting expressions together copies nothing. */
export type Code = number | readonly Code[];

/** Code that leaves one value of type T on the stack. Used twice, it runs twice: keep shared values in locals. */
export interface Expr<T extends ValType = ValType> {
  readonly type: T;
  readonly code: Code;
}

/** A local or parameter; as an expression it reads itself. */
export interface Local<T extends ValType = ValType> extends Expr<T> {
  readonly index: number;
}

/** Something that can be called: an import, or a function of this module (also before its body is there). */
export interface Callee<R extends ValType | undefined = ValType | undefined> {
  readonly index: number;
  readonly result: R;
}

/** What a branch goes to: out of a block, or to a loop's start. */
export interface Label {
  readonly depth: number;
}

/** The body of a function in the making. */
export interface FunctionBuilder {
  /** The parameters as declared, typed by the caller. */
  param<T extends ValType>(index: number, type: T): Local<T>;
  /** A new local, zero at the start; with a value, set here. */
  local<T extends ValType>(type: T, value?: Expr<T>): Local<T>;
  /** A new local that is set before all else in the innermost scope, or in the function: `value` may read parameters alone. */
  first<T extends ValType>(type: T, value: Expr<T>): Local<T>;
  /** Code of its own for `first`: a loop with what it needs put before it. */
  scope(body: () => void): void;
  /** Tells scopes apart. */
  readonly currentScope: object;
  set<T extends ValType>(local: Local<T>, value: Expr<T>): void;
  /** A statement: code that leaves nothing on the stack (stores). */
  emit(code: Code): void;
  /** A call of a function without result. */
  callVoid(callee: Callee<undefined>, args: readonly Expr[]): void;
  if(condition: Expr<"i32">, then: () => void, otherwise?: () => void): void;
  block(body: (exit: Label) => void): void;
  loop(body: (again: Label) => void): void;
  branch(label: Label, condition?: Expr<"i32">): void;
  return(value?: Expr): void;
  /** for (i = from; i < to; i += step), signed; the test comes last, so the body has one branch a turn. */
  for(i: Local<"i32">, from: Expr<"i32">, to: Expr<"i32">, step: number, body: () => void): void;
}

export interface ModuleBuilder {
  /** An import from module "env". All imports come before the first `func`. */
  importFunc<R extends ValType | undefined>(name: string, params: readonly ValType[], result: R): Callee<R>;
  /** Declares a function and writes its body; exported where `name` is given. */
  func<R extends ValType | undefined>(
    name: string | undefined,
    params: readonly ValType[],
    result: R,
    body: (f: FunctionBuilder) => void,
  ): Callee<R>;
  /** Whether functions of the host are imported. */
  readonly needsHost: boolean;
  /** The module's bytes; it imports "env"."memory", which is shared between threads where `sharedPages` says its most pages. */
  bytes(sharedPages?: number): Uint8Array<ArrayBuffer>;
}

const typeBytes: Record<ValType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** Unsigned LEB128. */
export function unsignedLeb(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    out.push(rest > 0 ? byte | 0x80 : byte);
  } while (rest > 0);
  return out;
}

/** Signed LEB128; of a number, one of 32 bits. */
export function signedLeb(value: bigint | number): number[] {
  const out: number[] = [];
  if (typeof value === "number") {
    for (let rest = value | 0; ; ) {
      const byte = rest & 0x7f;
      rest >>= 7;
      const done = rest === (byte & 0x40 ? -1 : 0);
      out.push(done ? byte : byte | 0x80);
      if (done) return out;
    }
  }
  let rest = value;
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0);
    out.push(done ? byte : byte | 0x80);
    if (done) return out;
  }
}

/** The value of a call of a function with a result. */
export function call<R extends ValType>(callee: Callee<R>, ...args: readonly Expr[]): Expr<R> {
  return { type: callee.result, code: [args.map((arg) => arg.code), 0x10, unsignedLeb(callee.index)] };
}

function flatten(code: Code, out: number[]): void {
  if (typeof code === "number") out.push(code);
  else for (const part of code) flatten(part, out);
}

interface Scope {
  readonly beginning: number[];
  readonly body: number[];
}

interface FunctionRecord {
  readonly typeIndex: number;
  readonly exportName: string | undefined;
  readonly locals: ValType[];
  /** The function's own. */
  readonly scope: Scope;
}

const name = (text: string): number[] => {
  const bytes = new TextEncoder().encode(text);
  return [...unsignedLeb(bytes.length), ...bytes];
};

/** Bytes in pieces, so that putting them together copies each once. */
type Pieces = readonly (readonly number[])[];

const lengthOf = (pieces: Pieces): number => pieces.reduce((sum, piece) => sum + piece.length, 0);

/** A section of `count` items, which are made of `pieces`. */
const section = (id: number, count: number, pieces: Pieces): Pieces => {
  if (count === 0) return [];
  const head = unsignedLeb(count);
  return [[id, ...unsignedLeb(head.length + lengthOf(pieces))], head, ...pieces];
};

function joined(pieces: Pieces): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(lengthOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function buildFunction(record: FunctionRecord, params: readonly ValType[]): FunctionBuilder {
  let { scope } = record;
  let depth = 0;
  const emit = (code: Code): void => flatten(code, scope.body);
  const nested = (opcode: number, body: (label: Label) => void): void => {
    emit([opcode, 0x40]);
    depth++;
    body({ depth });
    depth--;
    emit(0x0b);
  };
  const reference = <T extends ValType>(type: T, index: number): Local<T> => ({
    type,
    index,
    code: [0x20, unsignedLeb(index)],
  });
  const set: FunctionBuilder["set"] = (local, value) => emit([value.code, 0x21, unsignedLeb(local.index)]);
  const branch: FunctionBuilder["branch"] = (label, condition) => {
    const distance = unsignedLeb(depth - label.depth);
    emit(condition ? [condition.code, 0x0d, distance] : [0x0c, distance]);
  };
  return {
    param(index, type) {
      if (params[index] !== type) throw new TypeError(`Parameter ${index} is ${params[index]}, not ${type}`);
      return reference(type, index);
    },
    local(type, value) {
      const local = reference(type, params.length + record.locals.length);
      record.locals.push(type);
      if (value) set(local, value);
      return local;
    },
    first(type, value) {
      const local = reference(type, params.length + record.locals.length);
      record.locals.push(type);
      flatten([value.code, 0x21, unsignedLeb(local.index)], scope.beginning);
      return local;
    },
    scope(body) {
      const outer = scope;
      scope = { beginning: [], body: [] };
      body();
      const { beginning, body: own } = scope;
      scope = outer;
      emit([beginning, own]);
    },
    get currentScope() {
      return scope;
    },
    set,
    emit,
    callVoid: (callee, args) => emit([args.map((arg) => arg.code), 0x10, unsignedLeb(callee.index)]),
    if(condition, then, otherwise) {
      emit([condition.code, 0x04, 0x40]);
      depth++;
      then();
      if (otherwise) {
        emit(0x05);
        otherwise();
      }
      depth--;
      emit(0x0b);
    },
    block: (body) => nested(0x02, body),
    loop: (body) => nested(0x03, body),
    branch,
    return: (value) => emit(value ? [value.code, 0x0f] : 0x0f),
    for(i, from, to, step, body) {
      set(i, from);
      this.if({ type: "i32", code: [i.code, to.code, 0x48] }, () =>
        this.loop((again) => {
          body();
          // i += step (tee), i < to
          emit([i.code, 0x41, signedLeb(BigInt(step)), 0x6a, 0x22, unsignedLeb(i.index)]);
          branch(again, { type: "i32", code: [to.code, 0x48] });
        }),
      );
    },
  };
}

/** An empty module. Functions get their indices as they are declared. */
export function createModule(): ModuleBuilder {
  const types: number[][] = [];
  const imports: number[][] = [];
  const functions: FunctionRecord[] = [];
  let imported = 0;

  const typeOf = (params: readonly ValType[], result: ValType | undefined): number => {
    const bytes = [0x60, ...unsignedLeb(params.length), ...params.map((type) => typeBytes[type])];
    bytes.push(...(result ? [1, typeBytes[result]] : [0]));
    const found = types.findIndex((type) => type.join() === bytes.join());
    return found >= 0 ? found : types.push(bytes) - 1;
  };

  return {
    importFunc(importName, params, result) {
      if (functions.length > 0) throw new TypeError("Imports come before functions");
      imports.push([...name("env"), ...name(importName), 0x00, ...unsignedLeb(typeOf(params, result))]);
      return { index: imported++, result };
    },
    func(exportName, params, result, body) {
      const record: FunctionRecord = {
        typeIndex: typeOf(params, result),
        exportName,
        locals: [],
        scope: { beginning: [], body: [] },
      };
      const index = imported + functions.push(record) - 1;
      body(buildFunction(record, params));
      return { index, result };
    },
    get needsHost() {
      return imports.length > 0;
    },
    bytes(sharedPages) {
      // Limits: a flag, the least pages, and of shared memory (3) the most.
      const limits = sharedPages === undefined ? [0x00, 0x00] : [0x03, 0x00, ...unsignedLeb(sharedPages)];
      const memory = [...name("env"), ...name("memory"), 0x02, ...limits];
      const exports = functions.flatMap((record, i) =>
        record.exportName === undefined
          ? []
          : [[...name(record.exportName), 0x00, ...unsignedLeb(imported + i)]],
      );
      const bodies = functions.flatMap((record): Pieces => {
        const runs: [number, ValType][] = [];
        for (const type of record.locals) {
          const last = runs.at(-1);
          if (last && last[1] === type) last[0]++;
          else runs.push([1, type]);
        }
        const locals = runs.flatMap(([count, type]) => [...unsignedLeb(count), typeBytes[type]]);
        const head = [...unsignedLeb(runs.length), ...locals];
        const { beginning, body } = record.scope;
        const length = head.length + beginning.length + body.length + 1;
        return [unsignedLeb(length), head, beginning, body, [0x0b]];
      });
      return joined([
        [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
        ...section(1, types.length, types),
        ...section(2, 1 + imports.length, [memory, ...imports]),
        ...section(
          3,
          functions.length,
          functions.map((record) => unsignedLeb(record.typeIndex)),
        ),
        ...section(7, exports.length, exports),
        ...section(10, functions.length, bodies),
      ]);
    },
  };
}

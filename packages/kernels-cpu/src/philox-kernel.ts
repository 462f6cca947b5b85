// rngBitGenerator: Philox 4x32-10 (Salmon et al. 2011), a block of four words a turn, in TensorFlow's order. The
// 128-bit counter goes up by one a block.
import { sizeOf } from "@org/tensor";
import { prepareBlock } from "./block-kernel.ts";
import type { SinglePreparer } from "./single-kernel.ts";
import type { Expr, FunctionBuilder, Local } from "./wasm-assembler.ts";
import { i32, i64 } from "./wasm-opcodes.ts";

type Words = readonly [Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">];

/** Upper and lower half of x times a constant. */
function product(
  f: FunctionBuilder,
  x: Expr<"i32">,
  factor: number,
): { high: Expr<"i32">; low: Expr<"i32"> } {
  const full = f.local("i64", i64.mul(i64.extend_i32_u(x), i64.const(BigInt(factor))));
  return { high: i32.wrap_i64(i64.shr_u(full, i64.const(32n))), low: i32.wrap_i64(full) };
}

/** Ten rounds over the words, in place. */
function rounds(f: FunctionBuilder, words: Words, key: readonly [Local<"i32">, Local<"i32">]): void {
  const [k0, k1] = [f.local("i32", key[0]), f.local("i32", key[1])];
  const [c0, c1, c2, c3] = words;
  for (let round = 0; round < 10; round++) {
    const first = product(f, c0, 0xd2511f53);
    const second = product(f, c2, 0xcd9e8d57);
    const n0 = f.local("i32", i32.xor(i32.xor(second.high, c1), k0));
    const n2 = f.local("i32", i32.xor(i32.xor(first.high, c3), k1));
    f.set(c1, second.low);
    f.set(c3, first.low);
    f.set(c0, n0);
    f.set(c2, n2);
    f.set(k0, i32.add(k0, i32.const(0x9e3779b9)));
    f.set(k1, i32.add(k1, i32.const(0xbb67ae85)));
  }
}

/** Operands: key uint32[2], counter uint32[4]. */
export const preparePhilox: SinglePreparer = (workshop, { dims }) => {
  const count = sizeOf(dims);
  return prepareBlock(workshop, {
    key: "philox",
    arguments: 4,
    mayFault: false,
    values: ([key, counter], [to]) => [count, key!.address, counter!.address, to!.address],
    emit: ({ f }, [left, keyAddress, counterAddress, to]) => {
      const key = [f.local("i32", i32.load(keyAddress!)), f.local("i32", i32.load(keyAddress!, 4))] as const;
      const counter = [0, 1, 2, 3].map((i) =>
        f.local("i32", i32.load(counterAddress!, i * 4)),
      ) as unknown as Words;
      const words = counter.map(() => f.local("i32")) as unknown as Words;
      f.if(i32.gt_s(left!, i32.const(0)), () =>
        f.loop((again) => {
          words.forEach((word, i) => {
            f.set(word, counter[i]!);
          });
          rounds(f, words, key);
          f.emit(i32.store(to!, words[0]));
          words.slice(1).forEach((word, i) => {
            f.if(i32.gt_s(left!, i32.const(i + 1)), () => f.emit(i32.store(to!, word, (i + 1) * 4)));
          });
          f.set(to!, i32.add(to!, i32.const(16)));
          f.set(left!, i32.sub(left!, i32.const(4)));
          // Carries go on while a word has become 0.
          const carry = (i: number): void => {
            f.set(counter[i]!, i32.add(counter[i]!, i32.const(1)));
            if (i < 3) f.if(i32.eqz(counter[i]!), () => carry(i + 1));
          };
          carry(0);
          f.branch(again, i32.gt_s(left!, i32.const(0)));
        }),
      );
    },
  });
};

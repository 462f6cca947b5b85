// Packing for the matrix product: operands of any strides are copied into panels that the micro kernels read in
// order. This is also where transposed operands disappear. A panel of width w holds, for each k, w elements side by side;
// panels follow each other. Past the operand's edge a panel repeats the last line: lanes that nobody stores.
import { i32Params, parametersOf } from "./function-arguments.ts";
import type { Callee, ModuleBuilder } from "./wasm-assembler.ts";
import { f32, i32, select } from "./wasm-opcodes.ts";
import { v128 } from "./wasm-simd.ts";

/** Lines are rows of A or columns of B; steps in bytes. */
const packParams = ["lines", "k", "source", "lineStep", "kStep", "to"] as const;

/** Defines a function that packs `width` lines a panel, called with `packParams`. */
export function definePack(module: ModuleBuilder, width: number): Callee<undefined> {
  return module.func(undefined, i32Params(packParams.length), undefined, (f) => {
    const { lines, k, source, lineStep, kStep, to } = parametersOf(f, packParams);
    const line = f.local("i32");
    const kk = f.local("i32");
    const from = f.local("i32");
    const last = f.local("i32", i32.sub(lines, i32.const(1)));
    const pointers = Array.from({ length: width }, () => f.local("i32"));
    const panelBytes = width * 4;

    f.for(line, i32.const(0), lines, width, () => {
      const whole = i32.le_s(i32.add(line, i32.const(width)), lines);
      f.set(from, i32.add(source, i32.mul(line, lineStep)));
      // Lines side by side: copy `width` floats for each k.
      f.if(
        i32.and(i32.eq(lineStep, i32.const(4)), whole),
        () =>
          f.for(kk, i32.const(0), k, 1, () => {
            for (let lane = 0; lane + 4 <= width; lane += 4)
              f.emit(v128.store(to, v128.load(from, lane * 4), lane * 4));
            for (let lane = width & ~3; lane < width; lane++)
              f.emit(f32.store(to, f32.load(from, lane * 4), lane * 4));
            f.set(from, i32.add(from, kStep));
            f.set(to, i32.add(to, i32.const(panelBytes)));
          }),
        () => {
          pointers.forEach((pointer, i) => {
            const index = i32.add(line, i32.const(i));
            f.set(pointer, i32.add(source, i32.mul(select(i32.lt_s(index, last), index, last), lineStep)));
          });
          f.set(kk, k);
          // Lines contiguous in k: transpose 4 x 4 blocks.
          f.if(i32.and(i32.eq(kStep, i32.const(4)), i32.ge_s(k, i32.const(4))), () => {
            const rows = Array.from({ length: 4 }, () => f.local("v128"));
            const pairs = Array.from({ length: 4 }, () => f.local("v128"));
            f.loop((again) => {
              for (let lane = 0; lane + 4 <= width; lane += 4) {
                for (let i = 0; i < 4; i++) f.set(rows[i]!, v128.load(pointers[lane + i]!));
                f.set(pairs[0]!, v128.shuffle32(rows[0]!, rows[1]!, [0, 4, 1, 5]));
                f.set(pairs[1]!, v128.shuffle32(rows[2]!, rows[3]!, [0, 4, 1, 5]));
                f.set(pairs[2]!, v128.shuffle32(rows[0]!, rows[1]!, [2, 6, 3, 7]));
                f.set(pairs[3]!, v128.shuffle32(rows[2]!, rows[3]!, [2, 6, 3, 7]));
                for (let i = 0; i < 4; i++) {
                  const [low, high] = [pairs[i & 2]!, pairs[(i & 2) + 1]!];
                  const column = v128.shuffle32(low, high, i & 1 ? [2, 3, 6, 7] : [0, 1, 4, 5]);
                  f.emit(v128.store(to, column, i * panelBytes + lane * 4));
                }
              }
              const rest = width & ~3;
              if (width - rest >= 2) {
                f.set(rows[0]!, v128.load(pointers[rest]!));
                f.set(rows[1]!, v128.load(pointers[rest + 1]!));
                f.set(pairs[0]!, v128.shuffle32(rows[0]!, rows[1]!, [0, 4, 1, 5]));
                f.set(pairs[1]!, v128.shuffle32(rows[0]!, rows[1]!, [2, 6, 3, 7]));
                for (let i = 0; i < 4; i++) {
                  f.emit(v128.store64_lane(to, pairs[i >> 1]!, i & 1, i * panelBytes + rest * 4));
                }
              }
              if (width & 1) {
                f.set(rows[0]!, v128.load(pointers[width - 1]!));
                for (let i = 0; i < 4; i++) {
                  f.emit(v128.store32_lane(to, rows[0]!, i, i * panelBytes + (width - 1) * 4));
                }
              }
              for (const pointer of pointers) f.set(pointer, i32.add(pointer, i32.const(16)));
              f.set(to, i32.add(to, i32.const(4 * panelBytes)));
              f.set(kk, i32.sub(kk, i32.const(4)));
              f.branch(again, i32.ge_s(kk, i32.const(4)));
            });
          });
          f.if(kk, () =>
            f.loop((again) => {
              pointers.forEach((pointer, i) => {
                f.emit(f32.store(to, f32.load(pointer), i * 4));
                f.set(pointer, i32.add(pointer, kStep));
              });
              f.set(to, i32.add(to, i32.const(panelBytes)));
              f.set(kk, i32.sub(kk, i32.const(1)));
              f.branch(again, kk);
            }),
          );
        },
      );
    });
  });
}

// Code for loops that read across their inner dimension: transposes. Instead of gathering four elements from four rows,
// it reads four rows of four and transposes them in registers, for four rows of the result at once; 16 rows share a pass
// so that each cache line read is used whole while it is near.
import type { LoopNest, NestLoad } from "@org/hlo";
import { elementBytes, type KernelContext, type Lanes } from "./lanes.ts";
import type { NestLayout } from "./nest-arguments.ts";
import { type Access, nestWalk, opEmitter } from "./nest-walk.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { i32, select } from "./wasm-opcodes.ts";
import { v128 } from "./wasm-simd.ts";

type I32 = Expr<"i32">;

/** Rows of the result in one pass: with 4 bytes an element, a cache line of each row read. */
const rowsInPass = 16;

/** Whether a load crosses: contiguous along `row`, strided along the innermost dimension. */
function crosses({ movement, dtype }: NestLoad, row: number): boolean {
  return movement[row] === "unit" && movement.at(-1) === "strided" && elementBytes(dtype) === 4;
}

/** The dimension along which rows should be taken together; undefined where no load crosses, or one is strided both ways. */
export function tileDimension(nest: LoopNest): number | undefined {
  if (nest.kind !== "loop" || nest.indices.length > 0) return undefined;
  const inner = nest.extents.length - 1;
  if (!nest.stores.every((store) => store.strides[inner] === 1)) return undefined;
  for (let row = 0; row < inner; row++) {
    if (!nest.loads.some((load) => crosses(load, row))) continue;
    const others = nest.loads.filter((load) => !crosses(load, row));
    return others.every(({ movement }) => movement[inner] !== "strided") ? row : undefined;
  }
  return undefined;
}

/** Emits the kernel's body by tiles: `row` is the dimension from `tileDimension`. Extents must not be 0. */
export function emitTiles(
  context: KernelContext,
  nest: LoopNest,
  layout: NestLayout,
  block: Local<"i32">,
  lanes: Lanes,
  row: number,
): void {
  const { f } = context;
  const inner = nest.extents.length - 1;
  const walk = nestWalk(context, nest, layout, block);
  const ops = opEmitter(context, nest, layout, block, lanes);
  const rows = walk.extent(row);
  const columns = walk.extent(inner);
  // Row and column are walked here; the other dimensions as everywhere, in positions of level `inner`.
  const [firstRow, tileRow, column, left, rowsLeft] = Array.from({ length: 5 }, () => f.local("i32")) as [
    Local<"i32">,
    Local<"i32">,
    Local<"i32">,
    Local<"i32">,
    Local<"i32">,
  ];
  const base = [...walk.loads, ...walk.stores].map(() => f.local("i32"));
  const transposed = nest.loads.map((load) =>
    crosses(load, row) ? Array.from({ length: 4 }, () => f.local("v128")) : [],
  );
  const lesser = (a: I32, b: I32): I32 => select(i32.lt_s(a, b), a, b);

  /** Four lines along the rows, one for each column, as four lines along the columns. */
  const transposeLoad = (i: number): void => {
    const load = walk.loads[i]!;
    const across = f.local("i32", load.stride(inner));
    const lines = [0, 1, 2, 3].map((k) => {
      // Past the last column: the last one again, whose lanes are not stored.
      const at = lesser(i32.const(k), i32.sub(left, i32.const(1)));
      return f.local("v128", v128.load(i32.add(base[i]!, i32.mul(across, at))));
    }) as [Local<"v128">, Local<"v128">, Local<"v128">, Local<"v128">];
    const pair = (a: Expr<"v128">, b: Expr<"v128">, lanes: number[]): Local<"v128"> =>
      f.local("v128", v128.shuffle32(a, b, lanes));
    const low = [pair(lines[0], lines[1], [0, 4, 1, 5]), pair(lines[2], lines[3], [0, 4, 1, 5])] as const;
    const high = [pair(lines[0], lines[1], [2, 6, 3, 7]), pair(lines[2], lines[3], [2, 6, 3, 7])] as const;
    [low, low, high, high].forEach(([a, b], r) => {
      f.set(transposed[i]![r]!, v128.shuffle32(a, b, r % 2 ? [2, 3, 6, 7] : [0, 1, 4, 5]));
    });
  };
  const access = (r: number): Access => ({
    load: (i, dtype) => {
      const load = nest.loads[i]!;
      // The bits as they were loaded: every 4-byte type has lanes like its memory.
      if (transposed[i]!.length > 0) return transposed[i]![r]!;
      const address = i32.add(base[i]!, i32.mul(walk.loads[i]!.stride(row), i32.const(r)));
      return lanes.load(dtype, { address, offset: 0, movement: load.movement[inner]!, steps: [] });
    },
    index: () => {
      throw new TypeError("Tiles have no indices");
    },
  });

  const tile = (): void => {
    [...walk.loads, ...walk.stores].forEach((walker, i) => {
      const alongRow = i32.mul(walker.stride(row), tileRow);
      const alongColumn = i32.mul(walker.stride(inner), column);
      f.set(base[i]!, i32.add(walker.position[inner]!, i32.add(alongRow, alongColumn)));
    });
    for (const i of nest.loads.keys()) if (transposed[i]!.length > 0) transposeLoad(i);
    for (let r = 0; r < 4; r++) {
      const one = (): void => {
        for (const i of nest.ops.keys()) ops.emit(i, access(r));
        nest.stores.forEach((store, s) => {
          const stride = walk.stores[s]!.stride(row);
          const address = f.local(
            "i32",
            i32.add(base[nest.loads.length + s]!, i32.mul(stride, i32.const(r))),
          );
          const value = ops.value(store.value);
          f.if(
            i32.ge_s(left, i32.const(4)),
            () => lanes.store(store.dtype, address, 0, value),
            () => lanes.store(store.dtype, address, 0, value, left),
          );
        });
      };
      if (r === 0) one();
      else f.if(i32.gt_s(rowsLeft, i32.const(r)), one);
    }
  };

  // `row` is taken out of the outer loops: they start with it at 0 and do not step it.
  walk.over(0, inner, tiles, row);

  function tiles(): void {
    const end = f.local("i32");
    f.for(firstRow, i32.const(0), rows, rowsInPass, () => {
      f.set(end, lesser(i32.add(firstRow, i32.const(rowsInPass)), rows));
      f.for(column, i32.const(0), columns, 4, () => {
        f.set(left, i32.sub(columns, column));
        f.for(tileRow, firstRow, end, 4, () => {
          f.set(rowsLeft, i32.sub(end, tileRow));
          tile();
        });
      });
    });
  }
}

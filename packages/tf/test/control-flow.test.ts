// Conditionals, loops and gradients through them, run on the evaluator and on the CPU backend.
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

const { add, mul, lt, sub, gt } = tf.operator;
const zero = tf.ndArray("int32", [], Int32Array.of(0));

for (const backends of [[], ["cpu"]] as const)
  describe(`on ${backends[0] ?? "the evaluator"}`, () => {
    const run = async <T>(
      build: () => T,
      use: (session: tf.Session, built: T) => Promise<void>,
    ): Promise<void> => {
      const graph = new tf.Graph();
      const built = graph.asDefault(build);
      const session = new tf.Session({ graph, backends: [...backends] });
      try {
        await use(session, built);
      } finally {
        await session.close();
      }
    };
    const numbers = async (
      session: tf.Session,
      fetch: unknown,
      feeds?: Record<string, unknown>,
    ): Promise<number[]> =>
      tf.toNumbers((await session.run(fetch as tf.Tensor, { feeds: feeds as never })) as never);

    it("a loop counts, and its gradient goes back through every iteration", () =>
      run(
        () => {
          const x = tf.placeholder("float32", [], { name: "x" });
          const n = tf.placeholder("int32", [], { name: "n" });
          // x^n: each turn multiplies by x, a loop invariant.
          const [i, power] = tf.whileLoop(
            (i) => lt(i, n),
            (i, p) => [add(i, 1), mul(p, x)],
            [zero, tf.constant(1)],
          );
          return { i, power, grad: tf.gradients(power, x)[0]! };
        },
        async (session, { i, power, grad }) => {
          for (const [x, n] of [
            [2, 0],
            [3, 1],
            [1.5, 6],
          ] as const) {
            const feeds = { "x:0": x, "n:0": n };
            expect(await numbers(session, i, feeds)).toEqual([n]);
            expect((await numbers(session, power, feeds))[0]).toBeCloseTo(x ** n, 3);
            expect((await numbers(session, grad, feeds))[0]).toBeCloseTo(n === 0 ? 0 : n * x ** (n - 1), 3);
          }
        },
      ));

    it("history of tensors of unknown shape", () =>
      run(
        () => {
          const x = tf.placeholder("float32", [null], { name: "x" });
          const w = new tf.Variable(tf.constant([0.5, -1, 2]), { name: "w" });
          const [, h] = tf.whileLoop(
            (k) => lt(k, 3),
            (k, h) => [add(k, 1), tf.tanh(mul(h, w))],
            [zero, x],
          );
          const loss = tf.reduceSum(h);
          return {
            loss,
            grads: tf.gradients(loss, [x, w]) as tf.Tensor[],
            init: tf.globalVariablesInitializer(),
          };
        },
        async (session, { loss, grads, init }) => {
          await session.run(init);
          const x = [0.3, 0.7, -0.2];
          const w = [0.5, -1, 2];
          const value = (a: number[], b: number[]): number =>
            a.reduce((sum, v, i) => {
              let h = v;
              for (let k = 0; k < 3; k++) h = Math.tanh(h * b[i]!);
              return sum + h;
            }, 0);
          const feeds = { "x:0": x };
          expect((await numbers(session, loss, feeds))[0]).toBeCloseTo(value(x, w), 5);
          const [dx, dw] = [await numbers(session, grads[0], feeds), await numbers(session, grads[1], feeds)];
          for (let i = 0; i < 3; i++) {
            const bump = (list: number[]): [number[], number[]] => {
              const [up, down] = [[...list], [...list]];
              up[i]! += 1e-5;
              down[i]! -= 1e-5;
              return [up, down];
            };
            const [xu, xd] = bump(x);
            const [wu, wd] = bump(w);
            expect(dx[i]).toBeCloseTo((value(xu, w) - value(xd, w)) / 2e-5, 3);
            expect(dw[i]).toBeCloseTo((value(x, wu) - value(x, wd)) / 2e-5, 3);
          }
        },
      ));

    it("a conditional in a loop, and a loop in a conditional", () =>
      run(
        () => {
          const x = tf.placeholder("float32", [], { name: "x" });
          const flag = tf.placeholder("bool", [], { name: "flag" });
          const [, collatz] = tf.whileLoop(
            (k) => lt(k, 4),
            (k, v) => [
              add(k, 1),
              tf.cond(
                gt(v, 2),
                () => mul(v, 0.5),
                () => mul(mul(v, v), x),
              ),
            ],
            [zero, x],
          );
          const looped = tf.cond(
            flag,
            () =>
              tf.whileLoop(
                (k) => lt(k, 3),
                (k, v) => [add(k, 1), mul(v, x)],
                [zero, x],
              )[1],
            () => sub(0, x),
          );
          return {
            collatz,
            looped,
            grads: [tf.gradients(collatz, x)[0]!, tf.gradients(looped, x)[0]!],
          };
        },
        async (session, { collatz, looped, grads }) => {
          const turn = (x: number): number => {
            let v = x;
            for (let k = 0; k < 4; k++) v = v > 2 ? v * 0.5 : v * v * x;
            return v;
          };
          for (const x of [1.3, 3, 0.9]) {
            const feeds = { "x:0": x, "flag:0": true };
            expect((await numbers(session, collatz, feeds))[0]).toBeCloseTo(turn(x), 4);
            expect((await numbers(session, grads[0], feeds))[0]).toBeCloseTo(
              (turn(x + 1e-6) - turn(x - 1e-6)) / 2e-6,
              2,
            );
            expect((await numbers(session, looped, feeds))[0]).toBeCloseTo(x ** 4, 3);
            expect((await numbers(session, grads[1], feeds))[0]).toBeCloseTo(4 * x ** 3, 3);
            const off = { "x:0": x, "flag:0": false };
            expect((await numbers(session, looped, off))[0]).toBeCloseTo(-x, 5);
            expect((await numbers(session, grads[1], off))[0]).toBeCloseTo(-1, 5);
          }
        },
      ));

    it("a loop in a loop", () =>
      run(
        () => {
          const x = tf.placeholder("float32", [], { name: "x" });
          const [, total] = tf.whileLoop(
            (i) => lt(i, 3),
            (i, sum) => {
              const [, inner] = tf.whileLoop(
                (j) => lt(j, i),
                (j, p) => [add(j, 1), mul(p, x)],
                [zero, tf.constant(1)],
              );
              return [add(i, 1), add(mul(sum, x), inner)];
            },
            [zero, tf.constant(1)],
          );
          return { total, grad: tf.gradients(total, x)[0]! };
        },
        async (session, { total, grad }) => {
          const f = (x: number): number => {
            let sum = 1;
            for (let i = 0; i < 3; i++) sum = sum * x + x ** i;
            return sum;
          };
          for (const x of [0.5, 2, -1.5]) {
            const feeds = { "x:0": x };
            expect((await numbers(session, total, feeds))[0]).toBeCloseTo(f(x), 4);
            expect((await numbers(session, grad, feeds))[0]).toBeCloseTo(
              (f(x + 1e-6) - f(x - 1e-6)) / 2e-6,
              2,
            );
          }
        },
      ));

    it("mapFn, foldl, foldr and scan, with their gradients", () =>
      run(
        () => {
          const x = tf.placeholder("float32", [null, 2], { name: "x" });
          const w = tf.constant([2, 3]);
          const squares = tf.mapFn((row) => tf.reduceSum(mul(mul(row, row), w)), x);
          const sums = tf.scan((a, row) => add(a, row), x);
          const left = tf.foldl((a, row) => add(mul(a, 0.5), row), x, { initializer: tf.zeros([2]) });
          const right = tf.foldr((a, row) => add(mul(a, 0.5), row), x);
          const back = tf.scan((a, row) => add(a, row), x, { initializer: tf.ones([2]), reverse: true });
          const loss = [squares, sums, left, right, back].map((t) => tf.reduceSum(t));
          return {
            all: [squares, sums, left, right, back],
            grads: loss.map((one) => tf.gradients(one, x)[0]!),
          };
        },
        async (session, { all, grads }) => {
          const feeds = { "x:0": tf.ndArray("float32", [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6)) };
          const values = [];
          for (const one of [...all, ...grads]) values.push(await numbers(session, one, feeds));
          expect(values).toEqual([
            [14, 66, 158],
            [1, 2, 4, 6, 9, 12],
            [6.75, 8.5],
            [3.75, 5.5],
            [10, 13, 9, 11, 6, 7],
            [4, 12, 12, 24, 20, 36],
            [3, 3, 2, 2, 1, 1],
            [0.25, 0.25, 0.5, 0.5, 1, 1],
            [1, 1, 0.5, 0.5, 0.25, 0.25],
            [1, 1, 2, 2, 3, 3],
          ]);
        },
      ));

    it("a TensorArray says what was wrong", () =>
      run(
        () => {
          const i = tf.placeholder("int32", [], { name: "i" });
          const array = new tf.TensorArray("float32", { size: 2 });
          const once = array.write(0, tf.constant([1, 2]));
          return {
            outside: array.write(i, tf.constant([1, 2])).flow,
            twice: once.write(0, tf.constant([3, 4])).flow,
            unwritten: new tf.TensorArray("float32", { size: 2 }).read(1),
            zeros: once.read(1),
            uneven: new tf.TensorArray("float32", { size: 2, inferShape: false })
              .write(0, tf.constant([1]))
              .write(1, tf.constant([1, 2]))
              .stack(),
            joined: new tf.TensorArray("float32", { size: 2, inferShape: false })
              .write(0, tf.constant([1]))
              .write(1, tf.constant([2, 3]))
              .concat(),
          };
        },
        async (session, { outside, twice, unwritten, zeros, uneven, joined }) => {
          const fails = async (fetch: tf.Tensor, sentence: string, feeds = {}): Promise<void> => {
            await expect(session.run(fetch, { feeds })).rejects.toThrow(sentence);
          };
          await fails(outside, "Tried to write to index 5 but array is not resizeable and size is: 2", {
            "i:0": 5,
          });
          await fails(twice, "because it has already been written to.");
          await fails(unwritten, "Could not read from TensorArray index 1.");
          await fails(
            uneven,
            "TensorArray has inconsistent shapes.  Index 0 has shape: [1] but index 1 has shape: [2]",
          );
          expect(await numbers(session, joined)).toEqual([1, 2, 3]);
          expect(await numbers(session, zeros)).toEqual([0, 0]);
        },
      ));

    it("maximumIterations ends a loop without end; an AbortSignal, too", () =>
      run(
        () => ({
          bounded: tf.whileLoop(
            () => tf.constant(true),
            (v) => mul(v, 2),
            [tf.constant(1)],
            { maximumIterations: 5 },
          ),
          endless: tf.whileLoop(
            () => tf.constant(true),
            (v) => mul(v, 1),
            [tf.constant(1)],
          ),
        }),
        async (session, { bounded, endless }) => {
          expect(await numbers(session, bounded)).toEqual([32]);
          const stop = new AbortController();
          setTimeout(() => stop.abort(), 30);
          await expect(session.run(endless, { signal: stop.signal })).rejects.toMatchObject({
            code: "CANCELLED",
          });
          expect(await numbers(session, bounded)).toEqual([32]);
        },
      ));

    it("wrong loops and conditionals are refused while they are built", () =>
      run(
        () => {
          const x = tf.placeholder("float32", [null], { name: "x" });
          expect(() =>
            tf.whileLoop(
              () => tf.constant(true),
              () => [],
              [],
            ),
          ).toThrow("No loop variables provided");
          expect(() =>
            tf.whileLoop(
              (v) => lt(tf.reduceSum(v), 3),
              (v) => tf.concat([v, v], 0),
              [tf.zeros([2])],
            ),
          ).toThrow("has shape (4,) after one iteration");
          expect(() =>
            tf.cond(
              true,
              () => x,
              () => x,
            ),
          ).toThrow(TypeError);
          expect(() =>
            tf.cond(
              tf.equal(tf.size(x), 1),
              () => x,
              () => tf.constant(1, "int32"),
            ),
          ).toThrow("Outputs of true_fn and false_fn must have the same type: float32, int32");
          expect(() =>
            tf.cond(
              tf.equal(tf.size(x), 1),
              () => [x, x],
              () => [x] as never,
            ),
          ).toThrow("Incompatible return values");
        },
        async () => {},
      ));
  });

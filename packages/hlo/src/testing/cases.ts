// One program for each opcode and edge case of the Backend test-suite. `inputs` are made from a seed where not given.
import { type NdArray, ndArray } from "@org/tensor";
import { HloBuilder } from "../builder.ts";
import type { Combiner, HloComputation, HloDType, HloInstruction, Reducer } from "../instruction.ts";
import { binaryOpcodes, hloDTypes, isFloat, isInteger, takes, unaryOpcodes } from "../opcodes.ts";
import { randomArray, seededRandom } from "./random-program.ts";

export interface BackendCase {
  readonly name: string;
  readonly computation: HloComputation;
  readonly inputs: readonly NdArray[];
  /** Errors allowed, in units in the last place of the result's type; 0 is bit for bit (NaN is NaN). */
  readonly ulps: number;
}

type Build = (b: HloBuilder, inputs: HloInstruction[]) => HloInstruction | HloInstruction[];

function backendCase(name: string, inputs: readonly NdArray[], build: Build, ulps = 0): BackendCase {
  const b = new HloBuilder(name);
  const parameters = inputs.map(({ dtype, shape }) => b.parameter(dtype as HloDType, shape));
  const roots = build(b, parameters);
  return { name, computation: b.build(Array.isArray(roots) ? roots : [roots]), inputs, ulps };
}

const random = (dtype: HloDType, shape: readonly number[], seed = 1): NdArray =>
  randomArray(dtype, shape, seededRandom(seed));
const f32 = (shape: readonly number[], values: readonly number[]): NdArray =>
  ndArray("float32", shape, Float32Array.from(values));
const i32 = (shape: readonly number[], values: readonly number[]): NdArray =>
  ndArray("int32", shape, Int32Array.from(values));

/** Exact in every implementation; others are compared within 16 ulp of float32. */
const exact: ReadonlySet<string> = new Set(
  "abs negate sign floor ceil roundNearestEven not isFinite isNan isInf sqrt add subtract multiply divide maximum minimum and or xor shiftLeft shiftRightArithmetic shiftRightLogical remainder".split(
    " ",
  ),
);

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const specialValues = [
  nan,
  inf,
  -inf,
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3,
  20,
  -20,
  1e-3,
  0.999,
  88,
  -88,
];
const subnormal = 1e-38;
/** Sizes around vector widths and block sizes, empty and scalar ones. */
const shapes: readonly (readonly number[])[] = [[], [0], [1], [3], [17], [5, 1, 7], [2, 0, 3], [33, 65]];

function elementwiseCases(flushesSubnormals: boolean): BackendCase[] {
  const cases: BackendCase[] = [];
  const special = [...specialValues, flushesSubnormals ? 1e-30 : subnormal];
  for (const [opcode, domain] of Object.entries(unaryOpcodes))
    for (const dtype of hloDTypes.filter((type) => takes(domain, type))) {
      const name = opcode as keyof typeof unaryOpcodes;
      const ulps = exact.has(opcode) || !isFloat(dtype) ? 0 : 16;
      const apply: Build = (b, [x]) => b.unary(name, x!);
      cases.push(backendCase(`${opcode} ${dtype}`, [random(dtype, [37])], apply, ulps));
      if (dtype === "float32")
        cases.push(backendCase(`${opcode} of special values`, [f32([special.length], special)], apply, ulps));
    }
  for (const [opcode, domain] of Object.entries(binaryOpcodes))
    for (const dtype of hloDTypes.filter((type) => takes(domain, type))) {
      const name = opcode as keyof typeof binaryOpcodes;
      const ulps = exact.has(opcode) || !isFloat(dtype) ? 0 : 16;
      const apply: Build = (b, [x, y]) => b.binary(name, x!, y!);
      const divides = opcode === "divide" || opcode === "remainder";
      const divisor: Build = (b, [x, y]) => {
        const one = b.broadcastTo(b.scalar(dtype, 1), y!.dims);
        return b.binary(name, x!, divides && isInteger(dtype) ? b.binary("or", y!, one) : y!);
      };
      cases.push(
        backendCase(`${opcode} ${dtype}`, [random(dtype, [37]), random(dtype, [37], 2)], divisor, ulps),
      );
      if (dtype !== "float32") continue;
      const left = special.flatMap((x) => special.map(() => x));
      const right = special.flatMap(() => special);
      const inputs = [f32([left.length], left), f32([left.length], right)];
      cases.push(backendCase(`${opcode} of special values`, inputs, apply, ulps));
    }
  for (const dims of shapes) {
    const inputs = [random("float32", dims), random("float32", dims, 2)];
    cases.push(backendCase(`add [${dims}]`, inputs, (b, [x, y]) => b.binary("add", x!, y!)));
    cases.push(
      backendCase(
        `a chain over [${dims}] with scalars`,
        [...inputs, random("float32", [])],
        (b, [x, y, s]) => {
          const scaled = b.binary("multiply", x!, b.broadcastTo(s!, dims));
          return b.binary(
            "maximum",
            b.binary("subtract", scaled, y!),
            b.broadcastTo(b.scalar("float32", 0), dims),
          );
        },
      ),
    );
  }
  for (const dtype of hloDTypes) {
    const pair = [random(dtype, [29]), random(dtype, [29], 3)];
    for (const direction of ["EQ", "NE", "LT", "LE", "GT", "GE"] as const)
      cases.push(
        backendCase(`compare ${direction} ${dtype}`, pair, (b, [x, y]) => b.compare(direction, x!, y!)),
      );
    cases.push(
      backendCase(`select ${dtype}`, [random("bool", [29]), ...pair], (b, [p, x, y]) => b.select(p!, x!, y!)),
    );
    if (dtype !== "bool")
      cases.push(
        backendCase(`clamp ${dtype}`, [...pair, random(dtype, [29], 4)], (b, [low, x, high]) =>
          b.clamp(low!, x!, high!),
        ),
      );
    for (const to of hloDTypes.filter((type) => type !== dtype))
      cases.push(
        backendCase(`convert ${dtype} to ${to}`, [random(dtype, [29])], (b, [x]) => b.convert(x!, to)),
      );
  }
  const wild = f32([9], [nan, inf, -inf, 1e20, -1e20, 1.9, -1.9, 300, -0]);
  for (const to of hloDTypes.filter((type) => type !== "float32"))
    cases.push(backendCase(`convert special float32 to ${to}`, [wild], (b, [x]) => b.convert(x!, to)));
  cases.push(backendCase("bitcastConvert", [wild], (b, [x]) => b.bitcastConvert(x!, "int32")));
  return cases;
}

function movingCases(): BackendCase[] {
  const x = random("float32", [4, 5, 6]);
  const index = i32([3], [3, 0, 3]);
  const cases = [
    backendCase("reshape", [x], (b, [v]) => b.reshape(v!, [6, 20])),
    backendCase("transpose", [x], (b, [v]) => b.transpose(v!, [2, 0, 1])),
    backendCase("transpose 65x33", [random("float32", [65, 33])], (b, [v]) => b.transpose(v!, [1, 0])),
    backendCase("reverse", [x], (b, [v]) => b.reverse(v!, [0, 2])),
    backendCase("slice", [x], (b, [v]) => b.slice(v!, [1, 0, 1], [4, 5, 6], [1, 2, 3])),
    backendCase("broadcast", [random("float32", [5, 1])], (b, [v]) => b.broadcastTo(v!, [3, 5, 7])),
    backendCase("x + x'", [random("float32", [9, 9])], (b, [v]) =>
      b.binary("add", v!, b.transpose(v!, [1, 0])),
    ),
    backendCase("pad", [x, random("float32", [])], (b, [v, p]) =>
      b.pad(v!, p!, { low: [1, -1, 0], high: [0, 2, -2], interior: [0, 1, 2] }),
    ),
    backendCase("concatenate", [x, random("float32", [4, 1, 6], 2), random("float32", [4, 0, 6])], (b, v) =>
      b.concatenate(v, 1),
    ),
    backendCase("dynamicSlice, clamped", [x, i32([], [9]), i32([], [-9]), i32([], [1])], (b, [v, ...s]) =>
      b.dynamicSlice(v!, s, [2, 3, 4]),
    ),
    backendCase(
      "dynamicUpdateSlice",
      [x, random("float32", [2, 2, 2], 5), i32([], [1]), i32([], [9]), i32([], [0])],
      (b, [v, u, ...s]) => b.dynamicUpdateSlice(v!, u!, s),
    ),
    backendCase("gather axis 0", [x, index], (b, [v, i]) => b.gather(v!, i!, 0)),
    backendCase(
      "gather axis 1, int64",
      [x, ndArray("int64", [2, 2], BigInt64Array.of(4n, 0n, 1n, 4n))],
      (b, [v, i]) => b.gather(v!, i!, 1),
    ),
  ];
  for (const dtype of hloDTypes) {
    if (dtype !== "bool") cases.push(backendCase(`iota ${dtype}`, [], (b) => b.iota(dtype, [3, 5], 1)));
    cases.push(
      backendCase(`moves of ${dtype}`, [random(dtype, [4, 3])], (b, [v]) =>
        b.reverse(b.transpose(v!, [1, 0]), [0]),
      ),
    );
    cases.push(
      backendCase(`gather ${dtype}`, [random(dtype, [4, 3]), index], (b, [v, i]) => b.gather(v!, i!)),
    );
  }
  for (const combiner of ["set", "add", "subtract", "multiply", "divide", "maximum", "minimum"] as Combiner[])
    cases.push(
      backendCase(
        `scatter ${combiner}`,
        [random("float32", [5, 4]), index, random("float32", [3, 4], 6)],
        (b, [v, i, u]) => b.scatter(v!, i!, u!, combiner),
        2,
      ),
    );
  for (const count of [1, 4, 10, 1000])
    cases.push(
      backendCase(
        `rngBitGenerator ${count}`,
        [
          ndArray("uint32", [2], Uint32Array.of(1, 2)),
          ndArray("uint32", [4], Uint32Array.of(2 ** 32 - 2, 2 ** 32 - 1, 0, 7)),
        ],
        (b, [k, c]) => b.rngBitGenerator(k!, c!, [count]),
      ),
    );
  for (const descending of [false, true])
    cases.push(
      backendCase(
        `sort ${descending ? "down" : "up"}`,
        [f32([2, 6], [2, nan, 1, 2, -inf, 0, 5, 4, 5, 1, 4, 5])],
        (b, [v]) => {
          const tuple = b.sort([v!, b.iota("int32", [2, 6], 1)], { descending });
          return [b.getTupleElement(tuple, 0), b.getTupleElement(tuple, 1)];
        },
      ),
    );
  return cases;
}

function combiningCases(): BackendCase[] {
  const cases: BackendCase[] = [];
  const places: [readonly number[], readonly number[]][] = [
    [[7, 33], [1]],
    [[7, 33], [0]],
    [
      [7, 33],
      [0, 1],
    ],
    [[3, 5, 7], [1]],
    [
      [3, 5, 7],
      [0, 2],
    ],
    [[0, 5], [0]],
    [[5, 0], [1]],
    [[1, 1], [0]],
    [[100_003], [0]],
  ];
  const reducers: Reducer[] = ["add", "multiply", "maximum", "minimum", "and", "or"];
  for (const reducer of reducers) {
    const logical = reducer === "and" || reducer === "or";
    for (const dtype of hloDTypes.filter((type) => (logical ? !isFloat(type) : type !== "bool")))
      cases.push(
        backendCase(
          `reduce ${reducer} ${dtype}`,
          [random(dtype, [6, 5])],
          (b, [x]) => b.reduce(x!, reducer, [1]),
          isFloat(dtype) ? 8 : 0,
        ),
      );
    if (logical) continue;
    for (const [dims, dimensions] of places)
      if (reducer !== "multiply" || dims.length > 1)
        cases.push(
          backendCase(
            `reduce ${reducer} [${dims}] over [${dimensions}]`,
            [random("float32", dims)],
            (b, [x]) => b.reduce(x!, reducer, dimensions),
            64,
          ),
        );
  }
  const values = f32([2, 5], [1, 3, nan, 3, 2, nan, nan, nan, nan, nan]);
  for (const reducer of ["maximum", "minimum"] as const) {
    cases.push(backendCase(`reduce ${reducer} with NaN`, [values], (b, [x]) => b.reduce(x!, reducer, [1])));
    cases.push(backendCase(`argReduce ${reducer}`, [values], (b, [x]) => b.argReduce(x!, reducer, 1)));
    cases.push(
      backendCase(`argReduce ${reducer} int32`, [random("int32", [5, 4])], (b, [x]) =>
        b.argReduce(x!, reducer, 0),
      ),
    );
  }
  for (const exclusive of [false, true])
    for (const reverse of [false, true])
      cases.push(
        backendCase(
          `cumulative add, ${exclusive} ${reverse}`,
          [random("float32", [3, 9, 2])],
          (b, [x]) => b.cumulative(x!, "add", 1, { exclusive, reverse }),
          8,
        ),
      );
  const window = {
    size: [1, 3, 2],
    strides: [1, 2, 1],
    padding: [
      [0, 0],
      [1, 1],
      [0, 1],
    ] as [number, number][],
    dilation: [1, 1, 2],
    baseDilation: [1, 1, 1],
  };
  for (const reducer of ["add", "maximum"] as const)
    cases.push(
      backendCase(
        `reduceWindow ${reducer}`,
        [random("float32", [2, 7, 6])],
        (b, [x]) => b.reduceWindow(x!, reducer, window),
        8,
      ),
    );
  const spatial = {
    size: [3, 2],
    strides: [2, 1],
    padding: [
      [1, 1],
      [0, 1],
    ] as [number, number][],
    dilation: [1, 1],
    baseDilation: [1, 1],
  };
  for (const groups of [1, 2])
    cases.push(
      backendCase(
        `convolution, ${groups} groups`,
        [random("float32", [2, 6, 5, 4]), random("float32", [3, 2, 4 / groups, 6], 2)],
        (b, [x, k]) => b.convolution(x!, k!, { window: spatial, featureGroupCount: groups }),
        64,
      ),
    );
  return cases;
}

function dotCases(): BackendCase[] {
  const cases: BackendCase[] = [];
  const sizes = [
    [1, 1, 1],
    [1, 10, 784],
    [3, 5, 7],
    [17, 9, 33],
    [64, 64, 64],
    [100, 10, 128],
    [70, 130, 300],
    [4, 4, 0],
    [0, 4, 4],
  ];
  const plain = { lhsBatch: [], rhsBatch: [] };
  for (const [m, n, k] of sizes as [number, number, number][])
    for (const [left, right] of [
      [1, 0],
      [0, 0],
      [1, 1],
      [0, 1],
    ] as [number, number][]) {
      const inputs = [
        random("float32", left ? [m, k] : [k, m]),
        random("float32", right ? [n, k] : [k, n], 2),
      ];
      const name = `dot ${m}x${n}x${k}${left ? "" : " lhs'"}${right ? " rhs'" : ""}`;
      cases.push(
        backendCase(
          name,
          inputs,
          (b, [x, y]) => b.dot(x!, y!, { ...plain, lhsContracting: [left], rhsContracting: [right] }),
          256,
        ),
      );
    }
  const layer = [random("float32", [33, 20]), random("float32", [20, 17], 2), random("float32", [17], 3)];
  cases.push(
    backendCase(
      "dot with bias and relu",
      layer,
      (b, [x, w, c]) => {
        const product = b.matmul(x!, w!);
        const sum = b.binary("add", product, b.broadcastTo(c!, product.dims));
        return b.binary("maximum", sum, b.broadcastTo(b.scalar("float32", 0), sum.dims));
      },
      256,
    ),
  );
  const batch = { lhsBatch: [0], rhsBatch: [0], lhsContracting: [2], rhsContracting: [1] };
  cases.push(
    backendCase(
      "batched dot",
      [random("float32", [3, 4, 5]), random("float32", [3, 5, 6], 2)],
      (b, [x, y]) => b.dot(x!, y!, batch),
      64,
    ),
  );
  cases.push(
    backendCase(
      "dot of rank 3",
      [random("float32", [3, 4, 5]), random("float32", [5, 6], 2)],
      (b, [x, y]) => b.matmul(x!, y!),
      64,
    ),
  );
  cases.push(
    backendCase(
      "dot over two dimensions",
      [random("float32", [3, 4, 5]), random("float32", [3, 6, 5], 2)],
      (b, [x, y]) => b.dot(x!, y!, { ...plain, lhsContracting: [0, 2], rhsContracting: [0, 2] }),
      64,
    ),
  );
  for (const dtype of hloDTypes.filter((type) => type !== "bool" && type !== "float32"))
    cases.push(
      backendCase(
        `dot ${dtype}`,
        [random(dtype, [3, 4]), random(dtype, [4, 5], 2)],
        (b, [x, y]) => b.matmul(x!, y!),
        isFloat(dtype) ? 16 : 0,
      ),
    );
  return cases;
}

/** Every case of the suite; `flushesSubnormals` as in SuiteOptions. */
export function backendCases(flushesSubnormals = false): BackendCase[] {
  return [...elementwiseCases(flushesSubnormals), ...movingCases(), ...combiningCases(), ...dotCases()];
}

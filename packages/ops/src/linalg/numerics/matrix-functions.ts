// Principal square roots and logarithms of matrices, through their Schur forms (Higham, Functions of Matrices, 6.2 and 11.5).
import { complexFunctions, complexOperators, type Pair } from "../../complex/functions.ts";
import { decomposeLu, solveLu } from "./lu.ts";
import {
  addRow,
  adjointOf,
  fillNaN,
  identityMatrix,
  type Matrix,
  multiplyMatrices,
  zeroMatrix,
} from "./matrix.ts";
import { asComplex, type ComplexMatrix, schurOf } from "./schur.ts";

const divide = complexOperators.Div!;
const multiply = complexOperators.Mul!;
const squareRoot = complexFunctions.Sqrt!;
const logarithm = complexFunctions.Log!;

/** f(a) = u f(t) u^H; NaN where a has no Schur form. */
function throughSchur(a: Matrix, f: (t: ComplexMatrix) => Matrix): Matrix {
  const schur = schurOf(a);
  if (!schur) return fillNaN(asComplex(a));
  return multiplyMatrices(multiplyMatrices(schur.u, f(schur.t)), adjointOf(schur.u));
}

/** The root of an upper triangular matrix whose diagonal's roots have no negative real parts. */
function rootOfTriangle(t: ComplexMatrix): ComplexMatrix {
  const n = t.rows;
  const r = zeroMatrix(n, n, true) as ComplexMatrix;
  const out: Pair = [0, 0];
  for (let j = 0; j < n; j++) {
    squareRoot(t.re[j * n + j]!, t.im[j * n + j]!, out);
    [r.re[j * n + j], r.im[j * n + j]] = out;
    for (let i = j - 1; i >= 0; i--) {
      let [re, im] = [t.re[i * n + j]!, t.im[i * n + j]!];
      for (let k = i + 1; k < j; k++) {
        multiply(r.re[i * n + k]!, r.im[i * n + k]!, r.re[k * n + j]!, r.im[k * n + j]!, out);
        re -= out[0];
        im -= out[1];
      }
      const [p, q] = [i * n + i, j * n + j];
      if (re === 0 && im === 0) continue;
      divide(re, im, r.re[p]! + r.re[q]!, r.im[p]! + r.im[q]!, out);
      [r.re[i * n + j], r.im[i * n + j]] = out;
    }
  }
  return r;
}

/** The principal square root; of a real matrix without one, NaN. */
export function squareRootOf(a: Matrix): Matrix {
  let negative = false;
  const root = throughSchur(a, (t) => {
    const n = t.rows;
    const size = Math.max(...t.re.map(Math.abs), ...t.im.map(Math.abs));
    for (let i = 0; i < n * n; i += n + 1) negative ||= t.re[i]! < 0 && Math.abs(t.im[i]!) <= 2 ** -45 * size;
    return rootOfTriangle(t);
  });
  if (a.im) return root;
  return negative ? fillNaN({ ...root, im: undefined }) : { ...root, im: undefined };
}

/** Nodes in (0, 1) and weights of Gauss and Legendre, by Newton's method. */
function quadrature(count: number): { readonly nodes: number[]; readonly weights: number[] } {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 0;
    for (let pass = 0; pass < 8; pass++) {
      let [before, value] = [1, x];
      for (let k = 2; k <= count; k++)
        [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      slope = (count * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    nodes.push((1 + x) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
}

/** Largest sum of moduli in a column of t - 1. */
function distanceFromIdentity(t: ComplexMatrix): number {
  const n = t.rows;
  let largest = 0;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i <= j; i++) sum += Math.hypot(t.re[i * n + j]! - (i === j ? 1 : 0), t.im[i * n + j]!);
    largest = Math.max(largest, sum);
  }
  return largest;
}

/** log(1 + x) as the sum of w x (1 + node x)^-1: the Padé approximant of degree 7, good to double precision for what is within 0.26 of 1. */
function logarithmNearOne(t: ComplexMatrix): ComplexMatrix {
  const n = t.rows;
  const x = asComplex(t);
  for (let i = 0; i < n * n; i += n + 1) x.re[i]! -= 1;
  const sum = zeroMatrix(n, n, true) as ComplexMatrix;
  const { nodes, weights } = quadrature(7);
  nodes.forEach((node, k) => {
    const divisor = identityMatrix(n, n, true);
    for (let i = 0; i < n; i++) addRow(divisor, i, x, i, node, 0, 0, n);
    const part = solveLu(decomposeLu(divisor), x, false);
    for (let i = 0; i < n; i++) addRow(sum, i, part, i, weights[k]!, 0, 0, n);
  });
  return sum;
}

function logarithmOfTriangle(t: ComplexMatrix): Matrix {
  const n = t.rows;
  let root = t;
  let roots = 0;
  while (distanceFromIdentity(root) > 0.25 && roots < 100) {
    root = rootOfTriangle(root);
    roots++;
  }
  const result = logarithmNearOne(root);
  const factor = 2 ** roots;
  const out: Pair = [0, 0];
  for (let at = 0; at < n * n; at++) {
    result.re[at]! *= factor;
    result.im[at]! *= factor;
  }
  for (let i = 0; i < n * n; i += n + 1) {
    logarithm(t.re[i]!, t.im[i]!, out);
    [result.re[i], result.im[i]] = out;
  }
  return result;
}

/** The principal logarithm of a complex matrix. */
export function logarithmOf(a: Matrix): Matrix {
  return throughSchur(a, logarithmOfTriangle);
}

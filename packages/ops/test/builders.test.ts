// Builders make the nodes that TensorFlow 1.15.5's Python makes: names, order, inputs, attributes (recorded by fixtures/record-builders.py).
import * as tf from "../src/index.ts";
import { testPrograms } from "./recorded-programs.ts";

/** The programs of record-builders.py, under their names. */
const programs: Readonly<Record<string, () => void>> = {
  strings: () => {
    const words = tf.placeholder("string", [null], { name: "words" });
    const anything = tf.placeholder("string", undefined, { name: "anything" });
    tf.regexReplace(words, "a", "b");
    tf.regexReplace(words, tf.constant("a"), "b", { replaceGlobal: false, name: "r" });
    tf.regexFullMatch(words, "a");
    tf.regexFullMatch(words, tf.constant("a"));
    tf.substr(words, 0, 3);
    tf.substr(words, [1], [2], { unit: "UTF8_CHAR", name: "s" });
    tf.reduceJoin(words);
    tf.reduceJoin(anything, { separator: "-" });
    tf.reduceJoin(words, { axis: 0, keepdims: true, name: "joined" });
    tf.unsortedSegmentJoin(words, [0], 1, { separator: ":" });
    tf.stringJoin([words, "x"], { separator: "." });
    tf.stringToHashBucket(words, 5);
    tf.stringToHashBucketFast(words, 5);
    tf.stringToHashBucketStrong(words, 5, [1, 2]);
    tf.stringSplit(words);
    tf.stringSplit(words, { sep: ",", skipEmpty: false, name: "split" });
    tf.stringsSplit(words, { maxsplit: 2 });
    tf.stringLower(words);
    tf.stringUpper(words, { encoding: "utf-8" });
    tf.stringStrip(words);
    tf.stringLength(words, { unit: "UTF8_CHAR" });
    tf.asString([1.5], { precision: 2 });
    tf.encodeBase64(words, { pad: true });
    tf.decodeBase64(words);
    tf.stringFormat("{} and {}", [words, tf.constant(1, "int32")]);
    tf.unicodeTranscode(words, "UTF-8", "UTF-16-BE");
  },
  complex_numbers: () => {
    const { add, mul, truediv } = tf.operator;
    const x = tf.placeholder("float32", [2, 3], { name: "x" });
    const y = tf.placeholder("float32", [3], { name: "y" });
    const z = tf.complex(x, y);
    let out = add(tf.abs(z), tf.angle(z));
    out = add(out, tf.real(mul(tf.conj(z), z)));
    out = add(out, tf.imag(truediv(tf.exp(z), z)));
    const turned = tf.transpose(z, null, { conjugate: true });
    out = add(out, tf.real(tf.transpose(turned, [1, 0], { conjugate: true })));
    tf.imag(x);
    tf.angle(x);
    tf.real(x);
    tf.gradients(out, [x, y]);
  },
  fourier: () => {
    const x = tf.placeholder("float32", [2, 6], { name: "x" });
    const anything = tf.placeholder("float32", [null, null, null], { name: "anything" });
    const z = tf.placeholder("complex64", [2, 4, 3], { name: "z" });
    const some = [tf.rfft(x), tf.irfft(tf.rfft(x, [8])), tf.rfft2d(x), tf.rfft(anything), tf.irfft2d(z)];
    tf.irfft(tf.complex(anything, anything), null, { name: "back" });
    some.push(tf.fft(z), tf.ifft2d(z), tf.fft3d(z, { name: "cube" }));
    tf.gradients(some, [x, z], { gradYs: some });
  },
  sparse: () => {
    const values = tf.placeholder("float32", [3], { name: "v" });
    const dense = tf.placeholder("float32", [5, 2], { name: "dense" });
    const places = [
      [0, 1],
      [2, 0],
      [2, 4],
    ];
    const a = tf.sparseTensor(places, values, [4, 5]);
    const [filled] = tf.sparseFillEmptyRows(a, 7);
    const product = tf.sparseTensorDenseMatmul(a, dense);
    const turned = tf.sparseTensorDenseMatmul(a, product, { adjointA: true, name: "back" });
    tf.sparseReshape(a, [2, -1]);
    tf.sparseReshape(a, tf.placeholder("int64", [3], { name: "shape" }), { name: "cube" });
    tf.gradients([filled.values, turned], [values, dense]);
  },
};

testPrograms("builders.txt", programs);

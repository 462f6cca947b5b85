"""Records what TensorFlow 1.15.5's kernels compute, for kernels.test.ts.

    python record.py fixtures/kernels.json

Each case is an op run on constants: its inputs, attributes, outputs and the shapes that TensorFlow inferred for them.
Needs Python 3.7 with `pip install tensorflow==1.15.5 'protobuf<3.21'`.
"""
import json
import math
import os
import sys

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_def_library, op_def_registry

library = op_def_library.OpDefLibrary()
op_defs = op_def_registry.get_registered_ops()
for op_def in op_defs.values():
  library.add_op(op_def)

# Kernels as they are: the optimizer turns a FusedBatchNorm of constants into a node with one output.
as_written = tf.compat.v1.ConfigProto()
as_written.graph_options.rewrite_options.disable_meta_optimizer = True

rng = np.random.RandomState(42)
cases = []


def number(x):
  if isinstance(x, (bool, np.bool_)):
    return bool(x)
  if isinstance(x, (float, np.floating)):
    x = float(str(x))  # the fewest digits that give it back in its type
    if math.isnan(x):
      return 'nan'
    if math.isinf(x):
      return 'inf' if x > 0 else '-inf'
    return x
  return int(x)


def plain(array):
  array = np.asarray(array)
  dtype = tf.as_dtype(array.dtype).name
  if dtype == 'string':
    values = [(x if isinstance(x, bytes) else x.encode()).decode('latin1') for x in array.ravel()]
  else:
    values = [number(x) for x in array.ravel()]
  return {'dtype': dtype, 'shape': list(array.shape), 'values': values}


def case(op, inputs, outputs=None, **attrs):
  """inputs: arrays, or lists of arrays for list arguments. outputs: how many are recorded, if not all."""
  opdef = op_defs[op]
  names = [a.name for a in opdef.input_arg]
  inferred = {x for a in opdef.input_arg for x in (a.type_attr, a.number_attr, a.type_list_attr)}
  given = {a.name: attrs.get(a.name) for a in opdef.attr if a.name not in inferred}
  with tf.Graph().as_default() as graph:
    feeds = [[tf.constant(y) for y in x] if isinstance(x, list) else tf.constant(x) for x in inputs]
    made = library.apply_op(op, **dict(zip(names, feeds)), **given)
    made = list(made) if isinstance(made, (list, tuple)) else [made]
    with tf.compat.v1.Session(graph=graph, config=as_written) as session:
      results = session.run(made)
    shapes = [None if t.shape.ndims is None else [d.value for d in t.shape.dims] for t in made]

  def attr(value):
    return value.name if isinstance(value, tf.DType) else value

  cases.append({
      'op': op,
      'inputs': [[plain(y) for y in x] if isinstance(x, list) else plain(x) for x in inputs],
      'attrs': {k: attr(v) for k, v in attrs.items()},
      'outputs': [plain(r) for r in results[:outputs]],
      'shapes': shapes,
  })


def f32(*shape, low=-2.0, high=2.0):
  return rng.uniform(low, high, shape).astype(np.float32)


def i32(*values):
  return np.array(values, np.int32)


def s32(value):
  return np.int32(value)


# ---- unary
anywhere = np.array([-2.5, -1.5, -0.5, -0.1, 0.0, 0.1, 0.5, 1.5, 2.5, 3.0], np.float32)
positive = np.array([0.1, 0.5, 1.0, 1.5, 2.0, 7.5], np.float32)
unit = np.array([-0.9, -0.5, -0.1, 0.0, 0.3, 0.8], np.float32)
for name in ['Abs', 'Neg', 'Sign', 'Square', 'Exp', 'Expm1', 'Sigmoid', 'Tanh', 'Sin', 'Cos', 'Tan', 'Atan', 'Sinh', 'Cosh',
             'Asinh', 'Erf', 'Erfc', 'Floor', 'Ceil', 'Round', 'Rint', 'Relu', 'Relu6', 'Elu', 'Selu', 'Softplus', 'Softsign']:
  case(name, [anywhere])
for name in ['Sqrt', 'Rsqrt', 'Log', 'Log1p', 'Reciprocal', 'Inv', 'Lgamma', 'Digamma']:
  case(name, [positive])
for name in ['Asin', 'Acos', 'Atanh']:
  case(name, [unit])
case('Acosh', [positive + 1])
odd = np.array([np.nan, np.inf, -np.inf, 1.0], np.float32)
for name in ['IsNan', 'IsInf', 'IsFinite']:
  case(name, [odd])
for name in ['Abs', 'Neg', 'Sign', 'Square']:
  case(name, [np.array([-3, 0, 5], np.int32)])
  case(name, [np.array([-3, 0, 1 << 40], np.int64)])
for name in ['Exp', 'Tanh', 'Log1p', 'Sigmoid', 'Sqrt']:
  case(name, [positive.astype(np.float64)])
  case(name, [positive.astype(np.float16)])
case('Softplus', [np.array([-50, -14, -13, 13, 14, 50], np.float32)])
case('LeakyRelu', [anywhere], alpha=0.3)
for name in ['SqrtGrad', 'RsqrtGrad', 'SigmoidGrad', 'TanhGrad', 'ReciprocalGrad']:
  case(name, [f32(5), f32(5)]) if name in ('SigmoidGrad', 'TanhGrad', 'ReciprocalGrad') else case(name, [positive, f32(6)])
for name in ['ReluGrad', 'Relu6Grad', 'EluGrad', 'SeluGrad', 'SoftplusGrad', 'SoftsignGrad']:
  case(name, [f32(7), np.array([-1.5, -0.5, 0.0, 0.5, 3.0, 6.0, 7.0], np.float32)])
case('LeakyReluGrad', [f32(4), f32(4)], alpha=0.3)

# ---- binary
a, b = f32(2, 3), f32(3)
for name in ['Add', 'AddV2', 'Sub', 'Mul', 'Maximum', 'Minimum', 'SquaredDifference', 'Atan2', 'RealDiv', 'Div', 'FloorDiv', 'FloorMod',
             'Less', 'LessEqual', 'Greater', 'GreaterEqual', 'Equal', 'NotEqual']:
  case(name, [a, b])
  case(name, [b.reshape(1, 3), f32(2, 1)])
case('Pow', [f32(2, 3, low=0.1), f32(3)])
case('Pow', [i32(2, 3, -2), i32(3, 0, 2)])
x, y = np.array([7, -7, 7, -7, 6, -6, 0], np.int32), np.array([3, 3, -3, -3, 3, 3, 5], np.int32)
for name in ['Div', 'FloorDiv', 'FloorMod', 'TruncateDiv', 'TruncateMod', 'Mod', 'Maximum', 'Sub']:
  case(name, [x, y])
  case(name, [x.astype(np.int64), y.astype(np.int64)])
case('FloorDiv', [x.astype(np.float32), y.astype(np.float32)])
case('FloorMod', [x.astype(np.float32) + np.float32(0.5), y.astype(np.float32)])
case('Mod', [x.astype(np.float32) + np.float32(0.5), y.astype(np.float32)])
case('FloorDiv', [np.array([7, 250], np.uint8), np.array([3, 7], np.uint8)])
zero = np.array([0.0, 1.0, 0.0, 2.0], np.float32)
case('DivNoNan', [np.array([1, 1, 0, 3], np.float32), zero])
case('MulNoNan', [np.array([np.nan, 1, np.inf, 3], np.float32), zero])
case('Xdivy', [zero, np.array([0, 2, 3, 4], np.float32)])
case('Xlogy', [zero, np.array([0, 2, 3, 4], np.float32)])
t, f = np.array([True, True, False]), np.array([True, False, False])
case('LogicalAnd', [t, f])
case('LogicalOr', [t, f])
case('LogicalNot', [t])
for name in ['BitwiseAnd', 'BitwiseOr', 'BitwiseXor']:
  case(name, [i32(12, -5), i32(10, 3)])
case('Invert', [i32(12, -5)])
case('LeftShift', [i32(1, 3), i32(4, 1)])
case('RightShift', [i32(-16, 16), i32(2, 2)])
case('Equal', [np.array([b'a', b'b']), np.array([b'a', b'c'])])
case('NotEqual', [np.array([b'a', b'b']), np.array(b'b')])
case('ApproximateEqual', [np.array([1, 2], np.float32), np.array([1.000001, 2.1], np.float32)], tolerance=1e-3)

# ---- casts
for dst in [tf.int32, tf.int64, tf.float64, tf.float16, tf.bool, tf.uint8, tf.int8]:
  case('Cast', [np.array([0.0, 1.9, 2.5, 100.0], np.float32)], DstT=dst)
case('Cast', [np.array([-1.9, 1.5], np.float64)], DstT=tf.int32)
case('Cast', [np.array([True, False])], DstT=tf.float32)
case('Cast', [np.array([300, -1], np.int32)], DstT=tf.uint8)
case('Cast', [np.array([1 << 33, -5], np.int64)], DstT=tf.float32)

# ---- reductions and scans
c = f32(2, 3, 4)
for name in ['Sum', 'Mean', 'Prod', 'Max', 'Min', 'EuclideanNorm']:
  case(name, [c, i32(0, 2)], keep_dims=False)
  case(name, [c, s32(-2)], keep_dims=True)
  if name != 'EuclideanNorm':  # over no axes TensorFlow returns its input, signs and all
    case(name, [c, np.array([], np.int32)], keep_dims=False)
case('Mean', [np.array([[1, 2], [4, 8]], np.int32), i32(0)], keep_dims=False)
case('Sum', [np.array([[1 << 40, 2], [4, 8]], np.int64), i32(0)], keep_dims=False)
case('Sum', [np.zeros((0, 3), np.float32), i32(0)], keep_dims=False)
case('All', [np.array([[True, False], [True, True]]), s32(1)], keep_dims=False)
case('Any', [np.array([[True, False], [False, False]]), s32(1)], keep_dims=True)
case('ArgMax', [np.array([[1, 5, 5], [9, 2, 3]], np.float32), s32(1)], output_type=tf.int64)
case('ArgMin', [np.array([[1, 5, 1], [9, 2, 3]], np.float32), s32(-1)], output_type=tf.int32)
for exclusive in [False, True]:
  for reverse in [False, True]:
    case('Cumsum', [f32(2, 4), s32(1)], exclusive=exclusive, reverse=reverse)
    case('Cumprod', [f32(3, 2), s32(0)], exclusive=exclusive, reverse=reverse)
case('AddN', [[f32(2, 2), f32(2, 2), f32(2, 2)]])
case('L2Loss', [f32(3, 2)])

# ---- products
for ta in [False, True]:
  for tb in [False, True]:
    case('MatMul', [f32(3, 2) if ta else f32(2, 3), f32(4, 3) if tb else f32(3, 4)], transpose_a=ta, transpose_b=tb)
    case('BatchMatMulV2', [f32(2, 1, 3, 2) if ta else f32(2, 1, 2, 3), f32(3, 4, 3) if tb else f32(3, 3, 4)], adj_x=ta, adj_y=tb)
case('BatchMatMul', [f32(2, 2, 3), f32(2, 3, 1)], adj_x=False, adj_y=False)
case('MatMul', [f32(2, 3).astype(np.float64), f32(3, 2).astype(np.float64)], transpose_a=False, transpose_b=False)
case('MatMul', [i32(1, 2, 3, 4).reshape(2, 2), i32(5, 6, 7, 8).reshape(2, 2)], transpose_a=False, transpose_b=False)

# ---- segments, selection
data = f32(4, 2)
for name in ['UnsortedSegmentSum', 'UnsortedSegmentMax', 'UnsortedSegmentMin', 'UnsortedSegmentProd']:
  case(name, [data, i32(1, 0, -1, 1), s32(3)])
case('UnsortedSegmentSum', [f32(2, 2, 3), i32(0, 1, 1, 0).reshape(2, 2), s32(2)])
for name in ['SegmentSum', 'SegmentMean', 'SegmentProd', 'SegmentMax', 'SegmentMin']:
  case(name, [data, i32(0, 0, 2, 2)])
case('Select', [np.array([True, False]), f32(2, 3), f32(2, 3)])
case('Select', [np.array([[True, False]]), f32(1, 2), f32(1, 2)])
case('Select', [np.array(True), f32(2), f32(2)])
case('SelectV2', [np.array([[True], [False]]), f32(3), f32(2, 1)])
case('Select', [np.array([True, False]), np.array([b'a', b'b']), np.array([b'c', b'd'])])

# ---- shapes and moving
case('Range', [s32(2), s32(11), s32(3)])
case('Range', [np.float32(1), np.float32(2), np.float32(0.25)])
case('Range', [np.int64(5), np.int64(0), np.int64(-2)])
case('LinSpace', [np.float32(0), np.float32(1), s32(5)])
case('Shape', [c], out_type=tf.int64)
case('ShapeN', [[c, f32(2)]], out_type=tf.int32)
case('Size', [c], out_type=tf.int32)
case('Rank', [c])
case('Reshape', [c, i32(4, -1)])
case('Reshape', [np.array([b'x', b'yy', b'', b'z']), i32(2, 2)])
case('ExpandDims', [f32(2, 3), s32(-1)])
case('ExpandDims', [f32(2, 3), s32(1)])
case('Squeeze', [f32(1, 2, 1)], squeeze_dims=[])
case('Squeeze', [f32(1, 2, 1)], squeeze_dims=[-1])
case('Fill', [i32(2, 3), np.float32(1.5)])
case('Fill', [i32(2), np.array(b'ab')])
case('ZerosLike', [f32(2, 2)])
case('OnesLike', [np.array([3, 4], np.int64)])
case('ConcatV2', [[f32(2, 1), f32(2, 3)], s32(-1)])
case('ConcatV2', [[np.array([b'a']), np.array([b'b', b'c'])], s32(0)])
case('Concat', [s32(0), [f32(1, 2), f32(2, 2)]])
case('ConcatOffset', [s32(1), [i32(2, 3), i32(2, 4), i32(2, 5)]])
for axis in [0, 1, -1]:
  case('Pack', [[f32(2, 3), f32(2, 3)]], axis=axis)
case('Pack', [[np.array(b'a'), np.array(b'b')]], axis=0)
case('Unpack', [f32(2, 3)], num=3, axis=1)
case('Split', [s32(1), f32(2, 6)], num_split=3)
case('SplitV', [f32(6, 2), i32(1, -1, 2), s32(0)], num_split=3)
case('Slice', [c, i32(0, 1, 2), i32(-1, 1, 2)])
masks = dict(begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0)


def strided(x, begin, end, strides, **more):
  attrs = dict(masks, **more)
  case('StridedSlice', [x, i32(*begin), i32(*end), i32(*strides)], **attrs)
  with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    shape = session.run(tf.raw_ops.StridedSlice(
        input=tf.constant(x), begin=i32(*begin), end=i32(*end), strides=i32(*strides), **attrs)).shape
  case('StridedSliceGrad', [i32(*x.shape), i32(*begin), i32(*end), i32(*strides), f32(*shape)], **attrs)


strided(c, [0, 1, 0], [2, 3, 4], [1, 1, 2])
strided(c, [-1, 0], [0, 0], [1, -1], begin_mask=2, end_mask=2, shrink_axis_mask=1)
strided(c, [0, 0, 1], [0, 0, 2], [1, 1, 1], ellipsis_mask=1, new_axis_mask=2, shrink_axis_mask=4)
strided(c, [3], [0], [-1], end_mask=1)
strided(f32(7), [5], [0], [-2])
strided(f32(7), [4], [2], [1])
strided(f32(5, 5), [0, 0], [0, 0], [2, 1], begin_mask=1, end_mask=1, shrink_axis_mask=2)
case('Tile', [f32(2, 3), i32(2, 1)])
case('Tile', [np.array([b'a', b'b']), i32(2)])
case('BroadcastTo', [f32(3, 1), i32(2, 3, 4)])
case('BroadcastArgs', [i32(3, 1), i32(2, 1, 4)])
for s0, s1 in [((2, 3), (3,)), ((1, 3), (2, 3)), ((1, 1), (1, 3)), ((2, 3), (2, 3)), ((1,), (1, 1)), ((), (2, 1))]:
  case('BroadcastGradientArgs', [np.array(s0, np.int32), np.array(s1, np.int32)])
case('Transpose', [c, i32(2, 0, 1)])
case('InvertPermutation', [i32(2, 0, 1)])
case('ReverseV2', [c, i32(0, -1)])
case('Gather', [f32(4, 2), i32(3, 0, 3)], validate_indices=True)
case('GatherV2', [c, i32(2, 0, 1, 1).reshape(2, 2), s32(1)], batch_dims=0)
case('GatherV2', [f32(2, 5, 3), i32(2, 0, 1, 4).reshape(2, 2), s32(1)], batch_dims=1)
case('GatherV2', [f32(2, 3, 5), i32(2, 0, 1, 4).reshape(2, 2), s32(2)], batch_dims=1)
case('GatherV2', [np.array([b'a', b'b', b'c']), i32(2, 0), s32(0)], batch_dims=0)
case('GatherNd', [c, i32(0, 1, 1, 2).reshape(2, 2)])
case('GatherNd', [c, i32(1).reshape(1, 1)])
case('ScatterNd', [i32(1, 3, 1).reshape(3, 1), f32(3, 2), i32(5, 2)])
case('ScatterNd', [i32(0, 1, 1, 0).reshape(2, 2), f32(2), i32(2, 2)])
pads = i32(1, 2, 0, 1).reshape(2, 2)
case('Pad', [f32(2, 3), pads])
case('PadV2', [f32(2, 3), pads, np.float32(9)])
for mode in ['REFLECT', 'SYMMETRIC']:
  small = i32(1, 1, 2, 1).reshape(2, 2)
  case('MirrorPad', [f32(2, 3), small], mode=mode)
  case('MirrorPadGrad', [f32(4, 6), small], mode=mode)
case('OneHot', [i32(0, 2, -1, 5), s32(3), np.float32(2), np.float32(-1)], axis=-1)
case('OneHot', [i32(0, 2, 1, 0).reshape(2, 2), s32(3), np.int32(1), np.int32(0)], axis=1)
case('SparseToDense', [i32(0, 1, 1, 0).reshape(2, 2), i32(2, 2), np.array([5, 6], np.float32), np.float32(1)], validate_indices=True)
case('SparseToDense', [i32(1, 3), i32(5), np.float32(1), np.float32(0)], validate_indices=True)
case('DynamicStitch', [[i32(0, 2), s32(1)], [f32(2, 3), f32(3)]])

case('Diag', [f32(2, 2)])
case('DiagPart', [f32(2, 3, 2, 3)])
case('MatrixDiag', [f32(2, 3)])
case('MatrixDiagPart', [f32(2, 3, 2)])
case('MatrixSetDiag', [f32(2, 3, 2), f32(2, 2)])
case('MatrixSetDiag', [f32(2, 3), f32(2)])
case('MatrixBandPart', [f32(3, 4), np.int64(1), np.int64(-1)])
case('MatrixBandPart', [f32(2, 3, 3), np.int64(0), np.int64(1)])
case('SpaceToDepth', [f32(1, 4, 2, 3)], block_size=2, data_format='NHWC')
case('DepthToSpace', [f32(2, 1, 2, 8)], block_size=2, data_format='NHWC')
edges = i32(1, 0, 0, 2).reshape(2, 2)
case('SpaceToBatchND', [f32(1, 3, 2, 2), i32(2, 2), edges])
case('BatchToSpaceND', [f32(4, 2, 3, 2), i32(2, 2), edges])
case('Roll', [f32(3, 4), i32(1, -2), i32(0, 1)])
case('ReverseSequence', [f32(2, 3, 2), np.array([2, 3], np.int64)], seq_dim=1, batch_dim=0)
case('ReverseSequence', [f32(3, 2), np.array([0, 2], np.int64)], seq_dim=0, batch_dim=1)

# ---- neural networks
logits = f32(3, 4)
case('Softmax', [logits])
case('LogSoftmax', [logits])
case('Softmax', [np.array([1000, 1001, 999], np.float32)])
case('BiasAdd', [f32(2, 3), f32(3)], data_format='NHWC')
case('BiasAdd', [f32(2, 3, 2, 2), f32(2)], data_format='NHWC')
case('BiasAddV1', [f32(2, 3), f32(3)])
case('BiasAddGrad', [f32(2, 3, 2, 2)], data_format='NHWC')
labels = np.array([[0, 1, 0, 0], [0.5, 0, 0.5, 0], [0, 0, 0, 1]], np.float32)
case('SoftmaxCrossEntropyWithLogits', [logits, labels])
case('SoftmaxCrossEntropyWithLogits', [logits, labels[:1]])
case('SparseSoftmaxCrossEntropyWithLogits', [logits, i32(1, 0, 3)])
case('SparseSoftmaxCrossEntropyWithLogits', [logits, np.array([1, 0, 3], np.int64)])
case('TopKV2', [np.array([[1, 5, 3, 5], [9, 2, 3, 4]], np.float32), s32(3)], sorted=True)
case('InTopKV2', [np.array([[1, 5, 3], [9, 2, 2], [1, np.inf, 0]], np.float32), i32(2, 1, 0), s32(2)])
case('InTopK', [np.array([[1, 5, 3], [9, 2, 3]], np.float32), i32(0, 0)], k=1)

# ---- windows: convolutions, pools, normalization. TensorFlow's CPU kernels take NHWC alone.
nhwc = dict(data_format='NHWC')


def conv2d(x, w, strides, padding, explicit=[], dilations=(1, 1)):
  attrs = dict(nhwc, strides=[1, *strides, 1], padding=padding, explicit_paddings=explicit, dilations=[1, *dilations, 1], use_cudnn_on_gpu=True)
  case('Conv2D', [x, w], **attrs)
  dy = f32(*cases[-1]['outputs'][0]['shape'])
  if dilations == (1, 1):  # the CPU has no others
    case('Conv2DBackpropInput', [i32(*x.shape), w, dy], **attrs)
    case('Conv2DBackpropFilter', [x, i32(*w.shape), dy], **attrs)


for padding in ['SAME', 'VALID']:
  conv2d(f32(2, 5, 4, 3), f32(3, 2, 3, 4), (1, 1), padding)
  conv2d(f32(1, 6, 7, 2), f32(3, 3, 2, 2), (2, 3), padding)
  conv2d(f32(1, 5, 5, 1), f32(2, 2, 1, 2), (3, 2), padding)
  conv2d(f32(1, 7, 6, 2), f32(2, 3, 2, 1), (1, 1), padding, dilations=(2, 2))
conv2d(f32(1, 4, 4, 2), f32(3, 3, 2, 2), (1, 2), 'EXPLICIT', explicit=[0, 0, 2, 1, 0, 3, 0, 0])
conv2d(f32(2, 3, 3, 4), f32(1, 1, 4, 3), (1, 1), 'SAME')
conv2d(f32(1, 2, 2, 1), f32(3, 3, 1, 1), (2, 2), 'SAME')
case('Conv2D', [f32(1, 4, 4, 2).astype(np.float64), f32(2, 2, 2, 2).astype(np.float64)], strides=[1, 1, 1, 1], padding='VALID',
     explicit_paddings=[], dilations=[1, 1, 1, 1], use_cudnn_on_gpu=True, **nhwc)
for padding in ['SAME', 'VALID']:
  for stride in [1, 2]:
    x, w = f32(2, 5, 4, 3), f32(3, 2, 3, 2)
    attrs = dict(nhwc, strides=[1, stride, stride, 1], padding=padding, dilations=[1, 1, 1, 1])
    case('DepthwiseConv2dNative', [x, w], **attrs)
    dy = f32(*cases[-1]['outputs'][0]['shape'])
    case('DepthwiseConv2dNativeBackpropInput', [i32(*x.shape), w, dy], **attrs)
    case('DepthwiseConv2dNativeBackpropFilter', [x, i32(*w.shape), dy], **attrs)
  x, w = f32(1, 4, 5, 3, 2), f32(2, 3, 2, 2, 3)
  attrs = dict(data_format='NDHWC', strides=[1, 2, 1, 2, 1], padding=padding, dilations=[1, 1, 1, 1, 1])
  case('Conv3D', [x, w], **attrs)
  dy = f32(*cases[-1]['outputs'][0]['shape'])
  case('Conv3DBackpropInputV2', [i32(*x.shape), w, dy], **attrs)
  case('Conv3DBackpropFilterV2', [x, i32(*w.shape), dy], **attrs)


def ties(*shape):
  return rng.randint(0, 4, shape).astype(np.float32)


for x, ksize, strides in [(ties(2, 4, 6, 2), (2, 2), (2, 2)), (ties(1, 5, 5, 2), (3, 3), (2, 2)), (ties(1, 4, 5, 1), (3, 2), (1, 1)),
                          (ties(1, 7, 5, 1), (2, 2), (3, 3)), (ties(1, 9, 6, 1), (5, 5), (2, 1)), (ties(1, 5, 3, 2), (1, 3), (2, 2))]:
  for padding in ['SAME', 'VALID']:
    attrs = dict(ksize=[1, *ksize, 1], strides=[1, *strides, 1], padding=padding)
    case('MaxPool', [x], **attrs, **nhwc)
    y = np.array(cases[-1]['outputs'][0]['values'], np.float32).reshape(cases[-1]['outputs'][0]['shape'])
    dy = f32(*y.shape)
    case('MaxPoolGrad', [x, y, dy], **attrs, **nhwc)
    case('MaxPoolGradGrad', [x, y, f32(*x.shape)], **attrs, **nhwc)
    case('MaxPoolGradV2', [x, y, dy, i32(1, *ksize, 1), i32(1, *strides, 1)], padding=padding, **nhwc)
    for batch in [False, True]:
      case('MaxPoolWithArgmax', [x], Targmax=tf.int64, include_batch_in_index=batch, **attrs)
      argmax = np.array(cases[-1]['outputs'][1]['values'], np.int64).reshape(y.shape)
      case('MaxPoolGradWithArgmax', [x, dy, argmax], include_batch_in_index=batch, **attrs)
    case('AvgPool', [x], **attrs, **nhwc)
    case('AvgPoolGrad', [i32(*x.shape), dy], **attrs, **nhwc)
case('MaxPoolV2', [ties(1, 4, 4, 1), i32(1, 2, 2, 1), i32(1, 2, 2, 1)], padding='VALID', **nhwc)
case('MaxPool', [f32(1, 2, 2, 6)], ksize=[1, 1, 1, 3], strides=[1, 1, 1, 3], padding='VALID', **nhwc)
for padding in ['SAME', 'VALID']:
  x = ties(1, 4, 5, 3, 2)
  attrs = dict(ksize=[1, 2, 3, 2, 1], strides=[1, 2, 2, 1, 1], padding=padding, data_format='NDHWC')
  case('MaxPool3D', [x], **attrs)
  y = np.array(cases[-1]['outputs'][0]['values'], np.float32).reshape(cases[-1]['outputs'][0]['shape'])
  dy = f32(*y.shape)
  case('MaxPool3DGrad', [x, y, dy], **attrs)
  case('AvgPool3D', [x], **attrs)
  case('AvgPool3DGrad', [i32(*x.shape), dy], **attrs)
for beta in [0.75, 0.5, 1.0]:
  attrs = dict(depth_radius=2, bias=1.0, alpha=0.5, beta=beta)
  x = f32(2, 1, 2, 7)
  case('LRN', [x], **attrs)
  y = np.array(cases[-1]['outputs'][0]['values'], np.float32).reshape(x.shape)
  case('LRNGrad', [f32(*x.shape), x, y], **attrs)
none = np.zeros(0, np.float32)
for name in ['', 'V2', 'V3']:
  x, scale, offset, mean, variance = f32(2, 3, 2, 3), f32(3), f32(3), f32(3), f32(3, low=0.5)
  attrs = dict(nhwc, epsilon=0.01)
  case('FusedBatchNorm' + name, [x, scale, offset, none, none], is_training=True, **attrs)
  last = [np.array(o['values'], np.float32).reshape(o['shape']) for o in cases[-1]['outputs']]
  case('FusedBatchNormGrad' + name, [f32(*x.shape), x, scale, last[3], last[4], *([last[5]] if name == 'V3' else [])],
       is_training=True, **attrs)
  # The others are memory as it was.
  case('FusedBatchNorm' + name, [x, scale, offset, mean, variance], outputs=1, is_training=False, **attrs)
  case('FusedBatchNormGrad' + name, [f32(*x.shape), x, scale, mean, variance, *([np.float32(0)] if name == 'V3' else [])],
       is_training=False, **attrs)
case('FusedBatchNormV3', [f32(1, 2, 2, 2).astype(np.float16), f32(2), f32(2), none, none], is_training=True, epsilon=0.01, **nhwc)

with open(sys.argv[1], 'w') as out:
  out.write('[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]\n')
print(len(cases), 'cases')

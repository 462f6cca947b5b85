"""Runs cases of ops in TensorFlow 1.15.5: a JSON list of { op, inputs, attrs, fed } comes on standard input, results go out likewise."""
import json
import os
import sys

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'packages', 'ops', 'test', 'fixtures'))
import numpy as np
import tensorflow as tf
from recording import as_written, default_of, library, op_defs, plain

SPECIAL = {'nan': np.nan, 'inf': np.inf, '-inf': -np.inf, '-0': -0.0}


def array(given):
  dtype, shape, values = given['dtype'], given['shape'], given['values']
  if dtype == 'string':
    return np.array([x.encode('latin1') for x in values], object).reshape(shape)
  if dtype.startswith('complex'):
    parts = [SPECIAL.get(x, x) for x in values]
    return np.array([complex(re, im) for re, im in zip(parts[::2], parts[1::2])], dtype).reshape(shape)
  if 'float' in dtype:
    values = [SPECIAL.get(x, x) for x in values]
  elif dtype != 'bool':
    values = [int(x) for x in values]
  return np.array(values, tf.as_dtype(dtype).as_numpy_dtype).reshape(shape)


def attr(kind, value):
  if isinstance(value, dict) and 'bigint' in value:
    return int(value['bigint'])
  if kind == 'type':
    return tf.as_dtype(value)
  if kind == 'list(type)':
    return [tf.as_dtype(x) for x in value]
  return [attr('', x) for x in value] if isinstance(value, list) else value


def result_of(case):
  opdef = op_defs[case['op']]
  inferred = {x for a in opdef.input_arg for x in (a.type_attr, a.number_attr, a.type_list_attr)}
  told = {a.name: attr(a.type, case['attrs'][a.name]) if a.name in case['attrs'] else default_of(a)
          for a in opdef.attr if a.name not in inferred or a.name in case['attrs']}
  feeds = {}

  def tensor(value):
    if not case['fed']:
      return tf.constant(value)
    made = tf.compat.v1.placeholder(value.dtype if value.dtype != object else tf.string)
    feeds[made] = value
    return made

  with tf.Graph().as_default() as graph:
    inputs = [[tensor(array(y)) for y in x] if isinstance(x, list) else tensor(array(x)) for x in case['inputs']]
    try:
      made = library.apply_op(case['op'], **dict(zip([a.name for a in opdef.input_arg], inputs)), **told)
    except (ValueError, TypeError) as error:
      return {'refused': str(error).split('\n')[0]}
    made = tf.nest.flatten(made)
    shapes = [None if t.shape.ndims is None else [d.value for d in t.shape.dims] for t in made]
    with tf.compat.v1.Session(graph=graph, config=as_written) as session:
      try:
        return {'outputs': [plain(r) for r in session.run(made, feeds)], 'shapes': shapes}
      except tf.errors.OpError as error:
        return {'error': error.message.split('\n')[0].replace('\t', ' '), 'code': type(error).__name__, 'shapes': shapes}


json.dump([result_of(case) for case in json.load(sys.stdin)], sys.stdout)

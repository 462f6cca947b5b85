"""`tf`: TensorFlow 1's API from whichever TensorFlow is installed (1.0.1, 1.15.5, 2.21)."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import warnings

warnings.filterwarnings("ignore")
import tensorflow as tf

if tf.__version__.startswith("2."):
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
if hasattr(tf, "logging"):
    tf.logging.set_verbosity(tf.logging.ERROR)

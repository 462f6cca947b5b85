"""Makes the data of the examples. Usage: python make.py SHARED, where SHARED holds golden/ and data/ (see CONTRIBUTING.md).

howto/   the inference graph of the MetaGraph how-to, with its checkpoint, as TensorFlow 1.15.5 wrote them
digits/  2,000 MNIST digits: x.npy.gz uint8 [2000, 784], y.npy.gz uint8 [2000]
"""
import gzip, io, os, shutil, sys
import numpy as np

shared, here = sys.argv[1], os.path.dirname(os.path.abspath(__file__))
os.makedirs(os.path.join(here, "howto"), exist_ok=True)
os.makedirs(os.path.join(here, "digits"), exist_ok=True)
for end in ("meta", "index", "data-00000-of-00001"):
    shutil.copyfile(os.path.join(shared, "golden/1.15.5/howto/infer-0." + end), os.path.join(here, "howto/infer-0." + end))
digits = np.load(os.path.join(shared, "data/digits.npz"))
for name in ("x", "y"):
    buffer = io.BytesIO()
    np.save(buffer, digits[name][:2000])
    with open(os.path.join(here, "digits", name + ".npy.gz"), "wb") as file:
        file.write(gzip.compress(buffer.getvalue(), 9, mtime=0) if sys.version_info >= (3, 8) else gzip.compress(buffer.getvalue(), 9))

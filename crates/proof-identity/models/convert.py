"""The one-time conversion of MediaPipe's three models of faces (docs/src/MODELS.md has the command).

    python3 convert.py IN.onnx OUT.onnx

Takes what tf2onnx wrote and keeps the weights of convolutions as 16-bit floats, each followed by a Cast to 32.
"""

import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

model = onnx.load(sys.argv[1])
graph = model.graph
casts = []
for tensor in list(graph.initializer):
    values = numpy_helper.to_array(tensor)
    if tensor.data_type != TensorProto.FLOAT or values.size < 256:
        continue
    graph.initializer.remove(tensor)
    small = numpy_helper.from_array(values.astype(numpy.float16), tensor.name + "_16")
    graph.initializer.append(small)
    casts.append(helper.make_node("Cast", [small.name], [tensor.name], to=TensorProto.FLOAT))
for at, cast in enumerate(casts):
    graph.node.insert(at, cast)
model.doc_string = ""
onnx.checker.check_model(model)
onnx.save(model, sys.argv[2])

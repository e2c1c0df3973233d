"""Writes dlib's face recognition network to an ONNX file, from the weights that npm's @vladmandic/face-api ships.

    python3 ci/dlib_onnx.py FOLDER_WITH_face_recognition_model OUT.onnx

Only Python's own library: ONNX is a protocol buffer, and this needs four kinds of node. Scales and shifts that
follow each convolution are folded into it.
"""

import array
import json
import pathlib
import struct
import sys

MEAN = (122.782, 117.001, 104.298)
SIDE = 150


def varint(number):
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def field(tag, value):
    """One field: an integer, a float, or bytes (text and messages)."""
    if isinstance(value, bool) or isinstance(value, int):
        return varint(tag << 3) + varint(value)
    if isinstance(value, float):
        return varint(tag << 3 | 5) + struct.pack("<f", value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(tag << 3 | 2) + varint(len(raw)) + raw


def attribute(name, value):
    if isinstance(value, list):
        return field(5, field(1, name) + b"".join(field(8, item) for item in value) + field(20, 7))
    return field(5, field(1, name) + field(3, value) + field(20, 2))


def node(kind, inputs, output, **attributes):
    return field(
        1,
        b"".join(field(1, name) for name in inputs)
        + field(2, output)
        + field(4, kind)
        + b"".join(attribute(name, value) for name, value in sorted(attributes.items())),
    )


def tensor(name, shape, floats):
    values = array.array("f", floats)
    if sys.byteorder == "big":
        values.byteswap()
    return field(5, b"".join(field(1, size) for size in shape) + field(2, 1) + field(8, name) + field(9, values.tobytes()))


def integers(name, values):
    raw = struct.pack(f"<{len(values)}q", *values)
    return field(5, field(1, len(values)) + field(2, 7) + field(8, name) + field(9, raw))


def value_info(tag, name, shape):
    dimensions = b"".join(field(1, field(1, size)) for size in shape)
    return field(tag, field(1, name) + field(2, field(1, field(1, 1) + field(2, dimensions))))


def weights(folder):
    """Every tensor by its name: shape and floats, as TensorFlow.js keeps them (height, width, in, out)."""
    manifest = json.loads((folder / "face_recognition_model-weights_manifest.json").read_text())
    raw = (folder / "face_recognition_model.bin").read_bytes()
    found, at = {}, 0
    for entry in manifest[0]["weights"]:
        count = 1
        for size in entry["shape"]:
            count *= size
        packed = entry.get("quantization")
        if packed:
            scale, low = packed["scale"], packed["min"]
            table = [step * scale + low for step in range(256)]
            floats = [table[step] for step in raw[at : at + count]]
            at += count
        else:
            floats = struct.unpack(f"<{count}f", raw[at : at + 4 * count])
            at += 4 * count
        found[entry["name"]] = entry["shape"], floats
    if at != len(raw):
        raise SystemExit("the weights are not what their list says")
    return found


class Graph:
    def __init__(self, found):
        self.found, self.nodes, self.tensors, self.count = found, [], [], 0

    def add(self, kind, inputs, **attributes):
        self.count += 1
        output = f"t{self.count}"
        self.nodes.append(node(kind, inputs, output, **attributes))
        return output

    def conv(self, at, name, down=False, relu=True):
        (height, width, inner, outer), filters = self.found[f"{name}/conv/filters"]
        factor, shift = self.found[f"{name}/scale/weights"][1], self.found[f"{name}/scale/biases"][1]
        bias = self.found[f"{name}/conv/bias"][1]
        folded = [
            filters[(place * inner + i) * outer + o] * factor[o]
            for o in range(outer)
            for i in range(inner)
            for place in range(height * width)
        ]
        self.tensors.append(tensor(f"{name}.w", (outer, inner, height, width), folded))
        self.tensors.append(tensor(f"{name}.b", (outer,), [bias[o] * factor[o] + shift[o] for o in range(outer)]))
        edge = 0 if down else height // 2
        at = self.add(
            "Conv", [at, f"{name}.w", f"{name}.b"],
            kernel_shape=[height, width], strides=[2, 2] if down else [1, 1], pads=[edge] * 4,
        )
        return self.add("Relu", [at]) if relu else at

    def block(self, at, name):
        inner = self.conv(self.conv(at, f"{name}/conv1"), f"{name}/conv2", relu=False)
        return self.add("Relu", [self.add("Add", [inner, at])])

    def block_down(self, at, name, size, channels_in, channels_out):
        """Halves the picture. `size` is the side before: the convolution and the pooling end at different sides,
        and channels that the pooling lacks are nothing."""
        inner = self.conv(self.conv(at, f"{name}/conv1", down=True), f"{name}/conv2", relu=False)
        pooled = self.add("AveragePool", [at], kernel_shape=[2, 2], strides=[2, 2])
        short = size // 2 - (size - 1) // 2
        inner = self.pad(inner, f"{name}.side", [0, 0, 0, 0, 0, 0, short, short])
        pooled = self.pad(pooled, f"{name}.channels", [0, 0, 0, 0, 0, channels_out - channels_in, 0, 0])
        return self.add("Relu", [self.add("Add", [pooled, inner])]), size // 2

    def pad(self, at, name, pads):
        if not any(pads):
            return at
        self.tensors.append(integers(name, pads))
        return self.add("Pad", [at, name])


def build(found):
    graph = Graph(found)
    graph.tensors.append(tensor("mean", (1, 3, 1, 1), MEAN))
    graph.tensors.append(tensor("range", (1,), [255.0]))
    at = graph.add("Div", [graph.add("Sub", ["picture", "mean"]), "range"])
    at = graph.conv(at, "conv32_down", down=True)
    size = (SIDE - 7) // 2 + 1
    at = graph.add("MaxPool", [at], kernel_shape=[3, 3], strides=[2, 2])
    size = (size - 3) // 2 + 1
    channels = 32
    for width, blocks in ((32, 3), (64, 3), (128, 2), (256, 2)):
        if width != channels:
            at, size = graph.block_down(at, f"conv{width}_down", size, channels, width)
            channels = width
        for block in range(1, blocks + 1):
            at = graph.block(at, f"conv{width}_{block}")
    at, size = graph.block_down(at, "conv256_down_out", size, channels, 256)
    at = graph.add("Flatten", [graph.add("GlobalAveragePool", [at])])
    shape, matrix = found["fc"]
    graph.tensors.append(tensor("fc", shape, matrix))
    graph.nodes.append(node("MatMul", [at, "fc"], "descriptor"))
    body = b"".join(graph.nodes) + field(2, "dlib-resnet") + b"".join(graph.tensors)
    body += value_info(11, "picture", (1, 3, SIDE, SIDE)) + value_info(12, "descriptor", (1, 128))
    return field(1, 8) + field(2, "ci/dlib_onnx.py") + field(7, body) + field(8, field(1, "") + field(2, 13))


if __name__ == "__main__":
    folder, out = map(pathlib.Path, sys.argv[1:])
    out.write_bytes(build(weights(folder)))

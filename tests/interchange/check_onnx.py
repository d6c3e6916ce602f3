#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exported ONNX graphs against what the core answers: within 1e-5. The file is read by the
rules of protobuf's wire format and run by the definitions of ONNX's operators in float64, none
of it ours; by ONNX Runtime and checked by python3-onnx as well, where they are installed.
Arguments: the probe, [MODEL of a real training]."""
import struct
import sys

sys.dont_write_bytecode = True
try:
    import numpy as np
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

import tensors


def fields(data):
    """[(field number, value)] of one message; nested ones stay bytes."""
    at, out = 0, []

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value - (1 << 64) if value >= 1 << 63 else value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            out.append((key >> 3, varint()))
        elif key & 7 == 2:
            length = varint()
            out.append((key >> 3, data[at:at + length]))
            at += length
            assert at <= len(data)
        else:
            raise ValueError(f"wire type {key & 7}")
    return out


def every(message, number):
    return [value for field, value in message if field == number]


def tensor(data):
    message = fields(data)
    kind = {1: np.float32, 7: np.int64}[every(message, 2)[0]]
    values = np.frombuffer(every(message, 9)[0], kind).reshape(every(message, 1))
    return every(message, 8)[0].decode(), values


def value_info(data):
    """name, ONNX's type, [dimension: number or name]"""
    message = fields(data)
    kind = fields(every(fields(every(message, 2)[0]), 1)[0])
    dims = [fields(dim)[0] for dim in every(fields(every(kind, 2)[0]), 1)]
    return every(message, 1)[0].decode(), every(kind, 1)[0], [
        dim.decode() if number == 2 else dim for number, dim in dims]


def hidden_columns(data):
    """The columns that an input's text says the model does not look at."""
    text = every(fields(data), 3)[0].decode()
    _, found, columns = text.partition("; 0 whatever is fed: columns ")
    return [int(column) for column in columns.split()] if found else []


class Graph:
    def __init__(self, path):
        model = fields(path.read_bytes())
        assert every(model, 1) == [7]
        assert [every(fields(opset), 2) for opset in every(model, 8)] == [[13]]
        graph = fields(every(model, 7)[0])
        self.constants = dict(tensor(data) for data in every(graph, 5))
        self.inputs = {n: (k, d) for n, k, d in map(value_info, every(graph, 11))}
        self.hidden = {value_info(data)[0]: hidden_columns(data) for data in every(graph, 11)}
        pairs = [fields(pair) for pair in every(model, 14)]
        self.texts = {every(p, 1)[0].decode(): every(p, 2)[0].decode() for p in pairs}
        self.outputs = {n: (k, d) for n, k, d in map(value_info, every(graph, 12))}
        self.nodes = []
        for data in every(graph, 1):
            node = fields(data)
            attributes = {every(fields(a), 1)[0].decode(): every(fields(a), 3)[0]
                          for a in every(node, 5)}
            self.nodes.append((every(node, 4)[0].decode(),
                               [name.decode() for name in every(node, 1)],
                               [name.decode() for name in every(node, 2)], attributes))

    def run(self, given):
        assert set(given) == set(self.inputs), set(given) ^ set(self.inputs)
        for name, value in given.items():
            kind, dims = self.inputs[name]
            assert value.dtype == {1: np.float32, 7: np.int64}[kind], name
            assert len(dims) == value.ndim, name
            assert all(isinstance(d, str) or d == n for d, n in zip(dims, value.shape)), name
        wide = {n: v.astype(np.float64) if v.dtype == np.float32 else v
                for n, v in {**self.constants, **given}.items()}
        for kind, inputs, outputs, attributes in self.nodes:
            assert all(name in wide or name == "" for name in inputs), inputs
            assert not any(name in wide for name in outputs), outputs
            results = OPERATORS[kind]([wide[n] if n else None for n in inputs], attributes,
                                      len(outputs))
            wide.update(zip(outputs, results))
        return {name: wide[name] for name in self.outputs}


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def lstm(values, attributes, _):
    """Operator LSTM, forward: gates in the order i, o, f, c; no peepholes."""
    x, w, r, b, lengths, h, c = values
    assert lengths is None
    units = attributes["hidden_size"]
    h, c, out = h[0], c[0], []
    for step in x:
        pre = step @ w[0].T + h @ r[0].T + b[0][:4 * units] + b[0][4 * units:]
        i, o, f, g = np.split(pre, 4, 1)
        i, o, f = (1 / (1 + np.exp(-gate)) for gate in (i, o, f))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        out.append(h)
    return np.stack(out)[:, None], h[None], c[None]


def gemm(values, attributes, _):
    product = values[0] @ (values[1].T if attributes.get("transB") else values[1])
    return (product + values[2] if len(values) == 3 else product,)


def cut(values, _, __):
    x, starts, ends, axes = values
    where = [slice(None)] * x.ndim
    for start, end, axis in zip(starts, ends, axes):
        where[axis] = slice(start, end)
    return (x[tuple(where)],)


OPERATORS = {
    "Abs": lambda v, a, n: (abs(v[0]),),
    "Add": lambda v, a, n: (v[0] + v[1],),
    "Clip": lambda v, a, n: (np.clip(*v),),
    "Concat": lambda v, a, n: (np.concatenate(v, a["axis"]),),
    "Div": lambda v, a, n: (v[0] / v[1],),
    "Gather": lambda v, a, n: (np.take(v[0], v[1], a.get("axis", 0)),),
    "Gemm": gemm,
    "Greater": lambda v, a, n: (v[0] > v[1],),
    "Identity": lambda v, a, n: (v[0],),
    "LSTM": lstm,
    "Less": lambda v, a, n: (v[0] < v[1],),
    "MatMul": lambda v, a, n: (v[0] @ v[1],),
    "Mul": lambda v, a, n: (v[0] * v[1],),
    "Range": lambda v, a, n: (np.arange(*v),),
    "Relu": lambda v, a, n: (np.maximum(v[0], 0),),
    "Shape": lambda v, a, n: (np.array(v[0].shape, np.int64),),
    "Slice": cut,
    "Softmax": lambda v, a, n: (softmax(v[0], a.get("axis", -1)),),
    "Split": lambda v, a, n: np.split(v[0], n, a.get("axis", 0)),
    "Squeeze": lambda v, a, n: (np.squeeze(v[0], tuple(v[1])),),
    "Sub": lambda v, a, n: (v[0] - v[1],),
    "Transpose": lambda v, a, n: (v[0].T,),
    "Unsqueeze": lambda v, a, n: (np.expand_dims(v[0], tuple(v[1])),),
    "Where": lambda v, a, n: (np.where(*v),),
}


def by_onnx_runtime(path, given):
    """None where it is not installed."""
    try:
        import onnxruntime
    except ImportError:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options,
                                           providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, given)))


def check_by_onnx(path):
    try:
        import onnx
    except ImportError:
        return "-"
    onnx.checker.check_model(onnx.load(path), full_check=True)
    return "sound"


def compare(outputs, io, units):
    layers = outputs["h"].shape[0]
    asked, rows = len(io["horizon_s"]), io["states"].shape[0]
    states = np.concatenate([outputs[s][layer, :rows] for layer in range(layers)
                             for s in "hc"], 1)
    assert states.shape[1] == 2 * units * layers
    candidates = outputs.get("candidate_probability", np.zeros((asked, 96)))
    places = tensors.by_place(io, candidates, outputs.get("vocabulary_probability"))
    return abs(states - io["states"]).max(), abs(places - io["answer"]).max()


def feed_hidden(graph, given):
    """Columns that are 0 throughout are the hidden ones, and what is fed there does not count."""
    for name in ("features", "context", "candidate_features"):
        if name in given:
            values = given[name].copy()
            zero = np.flatnonzero((values == 0).all(tuple(range(values.ndim - 1))))
            assert zero.tolist() == graph.hidden[name], (name, zero, graph.hidden[name])
            values[..., zero] = -731.3
            given[name] = values


def check(folder, name):
    path = folder / (name + ".onnx")
    graph, (io, _) = Graph(path), tensors.read(folder / (name + ".io"))
    times = len(io["horizon_s"]) // io["states"].shape[0]
    layers, _, units = graph.inputs["h0"][1]
    state = np.zeros((layers, len(io["horizon_s"]), units), np.float32)
    given = {"tokens": np.tile(io["tokens"], (1, times)),
             "features": np.tile(io["features"], (1, times, 1)), "h0": state, "c0": state,
             "timeframe_s": io["horizon_s"], "context": io["context"],
             "candidate_features": io["candidate_features"],
             "candidate_count": io["candidate_count"]}
    given = {n: v for n, v in given.items() if n in graph.inputs}
    feed_hidden(graph, given)
    off = compare(graph.run(given), io, units)
    runtime = by_onnx_runtime(path, given)
    peer = compare(runtime, io, units) if runtime is not None else (0.0, 0.0)
    print(f"{name:8} {len(graph.nodes)} operators, {sum(map(len, graph.hidden.values()))} hidden "
          f"columns ({graph.texts['masked']}); states {off[0]:.1e}, "
          f"probabilities {off[1]:.1e}; ONNX Runtime "
          + (f"{peer[0]:.1e}, {peer[1]:.1e}" if runtime is not None else "-")
          + f"; python3-onnx {check_by_onnx(path)}")
    return max(off + peer) <= tensors.LIMIT


tensors.check_all(".onnx", check)

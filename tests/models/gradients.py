# SPDX-License-Identifier: GPL-3.0-or-later
"""Gradients of a model by PyTorch in float64, set beside those in FILE (test_gradients.c).

FILE: text lines "name type dimension ..." up to an empty line, then the numbers in that order
(type f: float32, u: uint32). "model" names what to build; "d " + name is our gradient of name.
Prints "name relative-error" a tensor. Ends with status 77 without python3-torch.
"""
import sys

try:
    import numpy
    import torch
except ImportError:
    print("skipped: no python3-torch")
    sys.exit(77)

NONE = 2**32 - 1
functional = torch.nn.functional


def read(path):
    with open(path, "rb") as file:
        shapes = []
        while (line := file.readline().decode().rstrip("\n")):
            *name, kind, dimensions = line.split("|")
            shapes.append((name[0], kind, [int(d) for d in dimensions.split()]))
        return {name: numpy.fromfile(file, "<f4" if kind == "f" else "<u4",
                                     int(numpy.prod(shape))).reshape(shape)
                for name, kind, shape in shapes}


def lstm_of(weights, inputs, units):
    lstm = torch.nn.LSTM(inputs, units).double()
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(weights["lstm.weight_ih_l0"])
        lstm.weight_hh_l0.copy_(weights["lstm.weight_hh_l0"])
        lstm.bias_ih_l0.copy_(weights["lstm.bias_ih_l0"].reshape(-1))
        lstm.bias_hh_l0.zero_()
    return lstm


def trunk(data, weights):
    """h [steps][batch][units], and the module that made it."""
    units = weights["lstm.weight_hh_l0"].shape[1]
    places = torch.from_numpy(data["places"].astype("int64"))
    features = torch.from_numpy(data["features"]).double()
    x = torch.cat([functional.embedding(places, weights["embedding.weight"]), features], -1)
    lstm = lstm_of(weights, x.shape[-1], units)
    return lstm(x)[0], lstm


def plain_loss(data, weights):
    h, lstm = trunk(data, weights)
    logits = functional.linear(h, weights["out.weight"], weights["out.bias"].reshape(-1))
    targets = torch.from_numpy(data["targets"].astype("int64"))
    targets[targets == NONE] = -100  # what cross_entropy ignores
    return functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)), lstm


def mixture_loss(data, weights):
    """The formulas of models/net.h, one question after the other."""
    h, lstm = trunk(data, weights)
    h = h.reshape(-1, h.shape[-1])
    linear = functional.linear
    flat = {name: tensor.reshape(-1) for name, tensor in weights.items() if name.endswith("bias")}
    loss = torch.zeros((), dtype=torch.float64)
    for i, count in enumerate(data["counts"]):
        token, knot = int(data["tokens"][i]), int(data["knots"][i])
        toward = float(data["toward"][i])
        e = weights["horizon.weight"][knot]
        if toward > 0.0:
            e = (1.0 - toward) * e + toward * weights["horizon.weight"][knot + 1]
        context = torch.from_numpy(data["context"][i]).double()
        k = torch.relu(linear(torch.cat([h[token], context, e]), weights["context.weight"],
                              flat["context.bias"]))
        gate = torch.softmax(linear(k, weights["gate.weight"], flat["gate.bias"]), -1)
        chance, hit, target = 0.0, int(data["hits"][i]), int(data["answers"][i])
        if hit != NONE:
            f = torch.from_numpy(data["candidates"][i, :, :count].T.copy()).double()
            u = torch.relu(linear(f, weights["score1.weight"], flat["score1.bias"])
                           + linear(k, weights["score1_context.weight"]))
            u = torch.relu(linear(u, weights["score2.weight"], flat["score2.bias"]))
            s = linear(u, weights["score3.weight"]) + linear(f, weights["score_skip.weight"])
            chance = chance + gate[0] * torch.softmax(s.reshape(-1), -1)[hit]
        if target != NONE:
            query = linear(torch.cat([h[token], e]), weights["query.weight"], flat["query.bias"])
            words = linear(query, weights["embedding.weight"][:-1], flat["vocabulary.bias"])
            chance = chance + gate[1] * torch.softmax(words, -1)[target]
        if hit != NONE or target != NONE:
            loss = loss - torch.log(chance) / len(data["counts"])
    return loss, lstm


def main():
    torch.set_num_threads(1)
    data = read(sys.argv[1])
    names = [name[2:] for name in data if name.startswith("d ")]
    weights = {name: torch.from_numpy(data[name]).double().requires_grad_() for name in names}
    loss, lstm = (mixture_loss if "counts" in data else plain_loss)(data, weights)
    loss.backward()
    print(f"loss {abs(loss.item() - float(data['loss'][0])) / abs(loss.item()):.3g}")
    for name in names:
        want = weights[name].grad
        if name.startswith("lstm."):
            want = getattr(lstm, name[5:]).grad.reshape(weights[name].shape)
        wrong = torch.from_numpy(data["d " + name]).double() - want
        print(f"{name} {(wrong.norm() / want.norm()).item():.3g}")


main()

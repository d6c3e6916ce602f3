#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the core answers, against PyTorch with the exported weights: every probability
and every state within 1e-5. Arguments: the probe, [MODEL of a real training]."""
import sys

sys.dont_write_bytecode = True
try:
    import numpy as np
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

import tensors


class Predictor(nn.Module):
    """The network of core/lstm.h out of PyTorch's own layers, sized by the weights."""

    def __init__(self, w):
        super().__init__()
        units = w["lstm.weight_hh_l0"].shape[1]
        layers = 2 if "lstm.weight_hh_l1" in w else 1
        self.embedding = nn.Embedding(*w["embedding.weight"].shape)
        self.lstm = nn.LSTM(w["lstm.weight_ih_l0"].shape[1], units, layers)
        if "horizon.weight" in w:
            self.horizon = nn.Embedding(*w["horizon.weight"].shape)
        for name in ("context", "score1", "score1_context", "score2", "score3", "score_skip",
                     "gate", "query"):
            if name + ".weight" in w:
                out, inputs = w[name + ".weight"].shape
                setattr(self, name, nn.Linear(inputs, out, bias=name + ".bias" in w))
        if "vocabulary.bias" in w:
            words = w["vocabulary.bias"].shape[0]
            width = w["query.weight"].shape[0] if "query.weight" in w else units
            self.vocabulary = nn.Linear(width, words)
            if "vocabulary.weight" not in w:
                self.vocabulary.weight = nn.Parameter(self.embedding.weight[:words].detach())
        factors = torch.from_numpy(w["inverse_temperature"])
        self.register_buffer("factors", torch.where(factors > 0, factors, torch.ones(())))
        state = {k: torch.from_numpy(v) for k, v in w.items()
                 if not k.startswith(("places.", "moves.", "inverse_", "confidence"))}
        missing, unexpected = self.load_state_dict(state, strict=False)
        assert not unexpected, unexpected
        assert set(missing) <= {"factors", "vocabulary.weight"}, missing
        if "vocabulary.bias" in w and "vocabulary.weight" not in w:
            self.vocabulary.weight = nn.Parameter(self.embedding.weight[:words].detach())

    def forward(self, io):
        x = torch.cat([self.embedding(io["tokens"]), io["features"]], 2)
        out, (h, c) = self.lstm(x)
        rows, asked = h.shape[1], io["horizon_s"].shape[0]
        states = torch.cat([t for layer in zip(h, c) for t in layer], 1)
        at = (io["horizon_s"] / 900 - 1).clamp(0, 3)[:, None]
        knots = F.relu(1 - (at - torch.arange(4.0)).abs())
        factor = (knots @ self.factors).split(1, 1)
        top = out[-1].repeat(asked // rows, 1)
        e = knots @ self.horizon.weight if hasattr(self, "horizon") else top[:, :0]
        share, candidates = torch.zeros(asked, 1), None
        if hasattr(self, "score1"):
            k = F.relu(self.context(torch.cat([top, io["context"], e], 1)))
            f = io["candidate_features"]
            a = F.relu(self.score1(f) + self.score1_context(k)[:, None])
            s = (self.score3(F.relu(self.score2(a))) + self.score_skip(f))[..., 0]
            mask = torch.arange(s.shape[1]) < io["candidate_count"][:, None]
            s = (s * factor[0]).masked_fill(~mask, -1e30)
            gate = F.softmax(self.gate(k) * factor[2], 1)[:, :1]
            share = torch.where(io["candidate_count"][:, None] > 0, gate, torch.zeros(()))
            candidates = F.softmax(s, 1) * mask * share
        words = None
        if hasattr(self, "vocabulary"):
            q = self.query(torch.cat([top, e], 1)) if hasattr(self, "query") else top
            words = F.softmax(self.vocabulary(q) * factor[1], 1) * (1 - share)
        return states, candidates, words


def check(folder, name):
    weights, _ = tensors.read(folder / (name + ".safetensors"))
    io, _ = tensors.read(folder / (name + ".io"))
    with torch.no_grad():
        states, candidates, words = Predictor(weights)(
            {k: torch.from_numpy(v) for k, v in io.items()})
    candidates = np.zeros(io["candidate_places"].shape) if candidates is None \
        else candidates.numpy()
    places = tensors.by_place(io, candidates, None if words is None else words.numpy())
    off = abs(states.numpy() - io["states"]).max(), abs(places - io["answer"]).max()
    print(f"{name:8} states {off[0]:.1e}, probabilities {off[1]:.1e}, "
          f"largest probability {io['answer'].max():.3f}")
    assert io["answer"].max() > 0.02
    return max(off) <= tensors.LIMIT


torch.set_num_threads(1)
tensors.check_all(".io", check)

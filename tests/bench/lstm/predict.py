# SPDX-License-Identifier: GPL-3.0-or-later
"""PredictLocation beside the same model in PyTorch, one thread, in one run: step, softmax, ten best.
Times are of the processor, medians of 15 in the middle one of five turns.

usage: /usr/bin/python3 predict.py PATH_OF_bench_predict [places units]
Wants Debian's python3-torch; ends with status 77 (skipped) without it.
"""
import os
import statistics
import subprocess
import sys
import time

os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")  # before the libraries start
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
try:
    import torch
except ImportError:
    print("skipped: no python3-torch")
    sys.exit(77)

program = sys.argv[1]
places = int(sys.argv[2]) if len(sys.argv) > 2 else 1024
units = int(sys.argv[3]) if len(sys.argv) > 3 else 128
torch.set_num_threads(1)
torch.manual_seed(1)


class Plain(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(places + 1, 64)
        self.lstm = torch.nn.LSTM(72, units)
        self.vocabulary = torch.nn.Linear(units, places)

    def forward(self, place, features, state):
        x = torch.cat([self.embedding(place), features], -1)
        h, state = self.lstm(x[None], state)
        return torch.topk(torch.softmax(self.vocabulary(h[0]), -1), 10)


def torch_us(model, batch, rounds):
    place = torch.randint(0, places, (batch,))
    features = torch.randn(batch, 8)
    state = (torch.randn(1, batch, units), torch.randn(1, batch, units))
    times = []
    with torch.inference_mode():
        for _ in range(15):
            start = time.thread_time()
            for _ in range(rounds):
                model(place, features, state)
            times.append((time.thread_time() - start) / rounds / batch * 1e6)
    return statistics.median(times)


model = Plain().eval()
rows = []
for _ in range(5):
    ours = {}
    for line in subprocess.run([program, str(places), str(units)], check=True,
                               capture_output=True, text=True).stdout.splitlines():
        name, value = line.split()
        ours[name] = float(value)
    ours["torch_alone"] = torch_us(model, 1, 300)
    ours["torch_batch"] = torch_us(model, 64, 30)
    rows.append(ours)
us = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
operations = 2.0 * (4 * units * (units + 8) + units * places)  # ours tables the embedding
full = operations + 2.0 * 4 * units * 64                       # as PyTorch counts
square = 2.0 * 1024**3 / us["square"] * 1e-3
for name, value in us.items():
    print(f"{name:20s} {value:9.2f} us")
print(f"sgemm 1024: {square:.1f} GFLOP/s; batch of 64: {operations / us['plain_batch'] * 1e-3:.1f} "
      f"({full / us['plain_batch'] * 1e-3:.1f} with the embedding's share)")
for text, ratio, want in (
        ("alone, float32", us["torch_alone"] / us["plain_alone"], 6.0),
        ("alone, 8 bits", us["torch_alone"] / us["plain8_alone"], 15.0),
        ("batch of 64, float32", us["torch_batch"] / us["plain_batch"], 2.4),
        ("batch of 64 to sgemm, FLOP rate", full / us["plain_batch"] * 1e-3 / square, 1.1)):
    print(f"{text}: {ratio:.2f} times (wanted {want}) {'ok' if ratio >= want else 'SHORT'}")

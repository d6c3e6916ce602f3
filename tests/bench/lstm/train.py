# SPDX-License-Identifier: GPL-3.0-or-later
"""Training of the plain next-place LSTM beside the same in PyTorch, in one run, on the same batches:
embedding 64 + 8 features -> LSTM -> softmax over all places, T = 32, B = 64, cross-entropy, Adam,
the whole step (zero_grad, forward, loss, backward, step). One thread; medians over turns that
alternate. PyTorch runs under the core type that its OpenBLAS should take here and under others;
ratios are to the right one and to the fastest.

usage: /usr/bin/python3 train.py PATH_OF_bench_train [moves|uniform] [PLACES/UNITS ...]
  moves    visits by exploration and preferential return over places of Zipf's popularity
  uniform  places by lot: as many different ones as there can be
Also two threads against one, and the peak of memory at 8192/256 with B = 256.
Ends with status 77 (skipped) without Debian's python3-torch.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

STEPS, FEATURES, BATCHES, TURNS = 32, 8, 4, 3
WANTED = {(1024, 128): 2.2, (1024, 256): 1.8, (8192, 128): 1.8, (8192, 256): 1.4}
CORES = ("SkylakeX", "Haswell", "Zen", "Cooperlake")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def read(path, batch):
    tokens = STEPS * batch
    with open(path, "rb") as file:
        for _ in range(BATCHES):
            yield (numpy.fromfile(file, "<u4", tokens).reshape(STEPS, batch).astype("int64"),
                   numpy.fromfile(file, "<u4", tokens).reshape(STEPS, batch).astype("int64"),
                   numpy.fromfile(file, "<f4", tokens * FEATURES).reshape(STEPS, batch, FEATURES))


def worker(path, places, units, batch):
    """Reads a number of steps a line, answers with their median in processor milliseconds."""
    torch.set_num_threads(1)
    torch.manual_seed(1)

    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = torch.nn.Embedding(places, 64)
            self.lstm = torch.nn.LSTM(64 + FEATURES, units)
            self.out = torch.nn.Linear(units, places)

        def forward(self, at, features):
            h, _ = self.lstm(torch.cat([self.embedding(at), features], -1))
            return self.out(h)

    batches = [tuple(map(torch.from_numpy, one)) for one in read(path, batch)]
    model = Plain()
    adam = torch.optim.Adam(model.parameters())

    def step(i):
        at, target, features = batches[i % BATCHES]
        adam.zero_grad()
        logits = model(at, features)
        loss = torch.nn.functional.cross_entropy(logits.view(-1, places), target.view(-1))
        loss.backward()
        adam.step()
        return loss.item()

    step(0), step(1)
    print("ready", flush=True)
    for line in sys.stdin:
        times = []
        for i in range(int(line)):
            start = time.thread_time()
            step(i)
            times.append((time.thread_time() - start) * 1e3)
        print(statistics.median(times), flush=True)


def visits(random, places, kind):
    """33 visits of one client; EPR with rho 0.6, gamma 0.21 (Song et al. 2010), after 60 earlier."""
    if kind == "uniform":
        return random.integers(0, places, STEPS + 1)
    rank = 1.0 / numpy.arange(1, places + 1)
    total, past, counts = rank.cumsum(), [], {}
    for _ in range(60 + STEPS + 1):
        if not counts or random.random() < 0.6 * len(counts) ** -0.21:
            place = int(numpy.searchsorted(total, random.random() * total[-1]))
        else:
            place = past[random.integers(len(past))]
        place = min(place, places - 1)
        counts[place] = counts.get(place, 0) + 1
        past.append(place)
    return numpy.array(past[-STEPS - 1:])


def write_batches(path, places, batch, kind):
    random, different = numpy.random.default_rng(1), []
    with open(path, "wb") as file:
        for _ in range(BATCHES):
            walk = numpy.stack([visits(random, places, kind) for _ in range(batch)], 1)
            different.append(len(numpy.unique(walk[:-1])))
            walk[:-1].astype("<u4").tofile(file)
            walk[1:].astype("<u4").tofile(file)
            random.standard_normal((STEPS, batch, FEATURES)).astype("<f4").tofile(file)
    return statistics.mean(different)


def ours(path, places, units, batch, threads, rounds):
    arguments = [program, path, places, units, STEPS, batch, BATCHES, threads, rounds]
    text = subprocess.run([str(a) for a in arguments], check=True, capture_output=True,
                          text=True).stdout
    return {name: float(value) for name, value in map(str.split, text.splitlines())}


def compare(folder, places, units, kind):
    path, rounds = os.path.join(folder, "batches"), max(5, 20 * 1024 // places)
    different = write_batches(path, places, 64, kind)
    workers = {}
    for core in CORES:
        workers[core] = subprocess.Popen(
            [sys.executable, __file__, "--worker", path, str(places), str(units), "64"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env={**os.environ, **ONE_THREAD, "OPENBLAS_CORETYPE": core})
    for one in workers.values():
        assert one.stdout.readline() == "ready\n"
    turns = []
    for _ in range(TURNS):
        turn = ours(path, places, units, 64, 1, 2 * rounds)
        for core, one in workers.items():
            one.stdin.write(f"{rounds}\n")
            turn[core] = float(one.stdout.readline())
        turns.append(turn)
    for one in workers.values():
        one.stdin.close()
        one.wait()
    ms = {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
    operations = 3 * 2.0 * STEPS * 64 * (4 * units * (64 + FEATURES + units) + units * places)
    rate, square = operations / ms["step_ms"] * 1e-6, 2.0 * 1024**3 / ms["square_ms"] * 1e-6
    best = min(ms[core] for core in CORES)
    right, want = ms[CORES[0]] / ms["step_ms"], WANTED.get((places, units), 0.0)
    print(f"{places:5d}/{units:<4d}{different:10.0f}{ms['step_ms']:9.2f}"
          + "".join(f"{ms[core]:11.2f}" for core in CORES)
          + f"{right:8.2f}{best / ms['step_ms']:9.2f}{want:8.1f}{rate / square:9.2f}"
          + f"  {'ok' if right >= want else 'SHORT'}", flush=True)


def main():
    names = sys.argv[2:]
    kind = names.pop(0) if names and names[0] in ("moves", "uniform") else "moves"
    sizes = [tuple(map(int, name.split("/"))) for name in names] or list(WANTED)
    os.environ.update(ONE_THREAD)
    print(f"milliseconds a step, batches: {kind}\nplaces/units different     ours"
          + "".join(f"{core:>11}" for core in CORES) + "   ratio  to best  wanted  to sgemm")
    with tempfile.TemporaryDirectory() as folder:
        for places, units in sizes:
            compare(folder, places, units, kind)
        if names:
            return
        path = os.path.join(folder, "batches")
        write_batches(path, 8192, 256, kind)
        memory = ours(path, 8192, 256, 256, 1, 2)["peak_mb"]
        print(f"memory at 8192/256, B = 256: {memory:.0f} MB (wanted 200) "
              f"{'ok' if memory <= 200 else 'SHORT'}")
        write_batches(path, 1024, 64, kind)
        one, two = [], []
        for _ in range(5):
            one.append(ours(path, 1024, 128, 64, 1, 40)["step_ms"])
            two.append(ours(path, 1024, 128, 64, 2, 40)["step_ms"])
        gain = statistics.median(one) / statistics.median(two)
        print(f"two threads, 1024/128: {gain:.2f} times one (wanted 1.8, on a quiet machine) "
              f"{'ok' if gain >= 1.8 else 'SHORT'}")


try:
    import numpy
    import torch
except ImportError:
    print("skipped: no python3-torch")
    sys.exit(77)
if sys.argv[1] == "--worker":
    worker(sys.argv[2], *map(int, sys.argv[3:6]))
else:
    program = sys.argv[1]
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""The safetensors format from its description, without our code; and what both checks do alike."""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np

LIMIT = 1e-5
TYPES = {"F32": np.float32, "F64": np.float64, "I32": np.int32, "I64": np.int64}


def read(path):
    """{name: array}, {key: text of the metadata}"""
    with open(path, "rb") as file:
        data = file.read()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    texts = header.pop("__metadata__", {})
    values = data[8 + length:]
    return {name: np.frombuffer(values[slice(*entry["data_offsets"])],
                                TYPES[entry["dtype"]]).reshape(entry["shape"]).copy()
            for name, entry in header.items()}, texts


def by_place(io, candidates, words):
    """The mixture over places: candidates [Q, 96], words [Q, V] or None."""
    places = np.zeros(io["answer"].shape, np.float64)
    for q, count in enumerate(io["candidate_count"]):
        np.add.at(places[q], io["candidate_places"][q, :count], candidates[q, :count])
    if words is not None:
        known = np.flatnonzero(io["place_tokens"] < words.shape[1])
        places[:, known] += words[:, io["place_tokens"][known]]
    return places


def check_all(ending, check):
    """Runs check(folder, name), true if within LIMIT, on each *ending that the probe (the first
    argument) writes of its models and of that named by the second, if any; ends the process."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder, *sys.argv[2:3]], check=True)
        folder = pathlib.Path(folder)
        names = sorted(path.stem for path in folder.glob("*" + ending))
        assert len(names) >= 6
        good = [check(folder, name) for name in names]
    print("all within" if all(good) else "not all within", LIMIT)
    sys.exit(0 if all(good) else 1)

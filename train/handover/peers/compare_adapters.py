"""Prints by how much two adapters differ, over how far the second moved from where both started.

usage: compare_adapters.py START A B
"""
import sys
from pathlib import Path

from safetensors.torch import load_file

start, a, b = (load_file(Path(folder) / "adapter_model.safetensors") for folder in sys.argv[1:])
assert start.keys() == a.keys() == b.keys(), (a.keys(), b.keys())
differ = max((a[name] - b[name]).abs().max().item() for name in a)
moved = max((b[name] - start[name]).abs().max().item() for name in b)
assert moved > 1e-3, moved
print(f"differ by {differ:.1e}, moved by {moved:.1e}:", "same" if differ < 1e-3 * moved else "another")

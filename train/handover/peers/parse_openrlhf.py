"""Has OpenRLHF's own command read the flags of a job's run.sh; trains nothing.

usage: LAUNCH="python parse_openrlhf.py FOLDER" ./run.sh

FOLDER holds OpenRLHF's package. What its commands import beyond their parser, torch, deepspeed and flash-attn among it, is
replaced by stand-ins. Prints the settings as JSON.
"""
import importlib.util
import json
import runpy
import sys
import types
from pathlib import Path


class StandIn(types.ModuleType):
    """A module that has whatever is asked of it."""

    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return show if name == "get_strategy" else object


def show(args):
    """What train() calls first."""
    print(json.dumps(args, default=vars, indent=1, sort_keys=True))
    sys.exit(0)


def main():
    package, module = Path(sys.argv[1]), sys.argv[2]
    for name in ("openrlhf", "datasets", "datasets.utils", "models", "models.utils", "utils", "trainer", "trainer.sft_trainer",
                 "trainer.dpo_trainer"):
        name = name if name == "openrlhf" else "openrlhf." + name
        sys.modules[name] = StandIn(name)
    spec = importlib.util.spec_from_file_location("openrlhf.utils.config", package / "openrlhf/utils/config.py")
    sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[spec.name])
    path = package / (module.replace(".", "/") + ".py")
    sys.argv = [str(path), *sys.argv[3:]]
    runpy.run_path(str(path), run_name="__main__")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The doors between rooms, checked on the #include lines: a room includes only rooms and outside libraries of its row.

Link targets guard the same doors, but a header-only use would slip through them. Run by ctest; prints each wrong line."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FRAMEWORK = ["base", "config", "store", "records", "problem", "text", "grade", "rerank", "comm", "watch", "tensor", "kernels", "model",
             "batching", "train", "checkpoint", "sample", "recipe", "report"]
TORCH = ["ATen/", "c10/", "torch/"]
# room: (rooms it may include besides itself, prefixes of outside headers besides the standard library's and fmt's)
DOORS = {
    "framework/base": ([], ["spdlog/", "xxhash.h", "openssl/"]),
    "framework/config": (["base"], ["yaml-cpp/", "nlohmann/"]),
    "framework/store": (["base"], ["nlohmann/"]),
    "framework/records": (["base"], ["zlib.h", "zstd.h", "snappy-c.h"]),
    "framework/problem": (["base", "records"], ["nlohmann/"]),
    "framework/text": (["base", "problem"], ["xxhash.h", "pcre2.h", "unicode/", "nlohmann/"]),
    "framework/grade": (["base", "problem"], []),
    "framework/rerank": (["base", "records", "problem", "grade", "config"], []),
    "framework/report": (["base", "problem", "rerank"], ["nlohmann/"]),
    "framework/comm": (["base"], TORCH),
    "framework/watch": (["base", "comm"], TORCH),
    "framework/tensor": (["base"], TORCH + ["hdf5.h", "nlohmann/", "xxhash.h"]),
    "framework/kernels": (["base"], TORCH),
    "framework/model": (["base", "config", "comm", "tensor", "kernels", "text"], TORCH + ["nlohmann/"]),
    "framework/batching": (["base", "config", "store", "problem", "text", "tensor"], TORCH),
    "framework/train": (["base", "config", "comm", "tensor", "kernels", "model", "batching"], TORCH + ["nlohmann/"]),
    "framework/checkpoint": (["base", "store", "comm", "tensor"], TORCH + ["hdf5.h", "nlohmann/"]),
    "framework/sample": (["base", "config", "comm", "tensor", "kernels", "model", "text", "problem"], TORCH),
    "framework/recipe": (FRAMEWORK, TORCH + ["nlohmann/"]),
    "parallel/mpi": (["base", "config", "comm", "tensor"], TORCH + ["mpi.h"]),
    "parallel/tensor": (["base", "config", "comm", "tensor", "kernels", "model"], TORCH),
    "parallel/cuda": (["base", "comm"], TORCH + ["nccl.h", "cuda"]),
    "datasets": (["base", "config", "records", "problem", "text", "grade"], []),
    "recipes": (FRAMEWORK + ["datasets"], TORCH + ["nlohmann/"]),
}
STANDARD = re.compile(r"^[a-z0-9_]+$|^(sys|netinet|arpa|linux)/|^(unistd|fcntl|dlfcn|sched|spawn|poll|signal|malloc|immintrin|errno|dirent|pthread|pwd|semaphore|time)\.h$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path):
    parts = path.parts
    if parts[0] in ("framework", "parallel"):
        return "/".join(parts[:2])
    return parts[0]


def problems_of(path):
    room = room_of(path)
    rooms, outside = DOORS[room]
    allowed = {f"framework/{r}" for r in rooms if r in FRAMEWORK} | {r for r in rooms if r not in FRAMEWORK} | {room}
    for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            if "get_rank(" in line:
                yield f"{path}:{number}: rank and size are arguments: no get_rank()"
            continue
        header = match.group(2)
        if match.group(1) == '"':
            target = room_of(pathlib.Path(header)) if "/" in header else room
            if target not in allowed:
                yield f"{path}:{number}: {room} has no door to {target} ({header})"
        elif header == "mpi.h" and path.suffix == ".h":
            yield f"{path}:{number}: mpi.h may appear in no header"
        elif not (STANDARD.match(header) or header.startswith("fmt/") or any(header.startswith(o) for o in outside)):
            yield f"{path}:{number}: {room} may not use <{header}>"


def main():
    found, files = [], 0
    for top in ("framework", "parallel", "datasets", "recipes"):
        for path in sorted((ROOT / top).rglob("*")):
            relative = path.relative_to(ROOT)
            if path.suffix in (".h", ".cpp", ".c", ".cu") and "cmake" not in relative.parts:
                files += 1
                found.extend(problems_of(relative))
    print("\n".join(found) if found else f"{files} files keep to the doors")
    return 1 if found or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

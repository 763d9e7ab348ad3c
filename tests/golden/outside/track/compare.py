"""Writes the tables of README.md: earprint's records beside the numbers of reference.py.

    python compare.py RENDERED.json RENDERED.ndjson REAL.json REAL.ndjson

The records (NDJSON) are what `earprint analyze --json --device cpu` prints. bounds.tsv has a line a number, with tabs: name,
unit, bound beside the definition, bound beside the other program (`-`: none), that program, what it defines differently,
why the first bound is wider than the last digits of f32. `number@track` is a line for one track alone.
"""

import datetime
import json
import sys
from pathlib import Path

import numpy as np

import definition

HERE = Path(__file__).resolve().parent
BEGIN, END = "<!-- table begin -->", "<!-- table end -->"


def records(path):
    """Tracks of a file of records: name to numbers by name."""
    tracks = {}
    for line in Path(path).read_text().splitlines():
        record = json.loads(line)
        numbers, table = record["descriptor"], record["table"]
        for name, v in table.items():
            numbers |= {f"{name}_{i}": x for i, x in enumerate(v)} if isinstance(v, list) else {name: v}
        numbers["key"] = table["key"] and f"{table['key']} {table['mode']}"
        for name in definition.SECOND:
            numbers[name] = numbers[name.rsplit("_", 1)[0]]
        tracks[Path(record["path"]).stem] = numbers
    return tracks


def away(name, want, got):
    """Difference in the number's unit; words are 0 or 1 apart, tunings meet again after 100 cents."""
    if isinstance(want, str):
        return float(want != got)
    d = abs(want - got)
    return min(d, 100 - d) if name == "tuning" else d


def group(name):
    """`chroma` of `chroma_7`."""
    head, _, tail = name.rpartition("_")
    return head if tail.isdigit() else name


def differences(stored, tracks, which, lines):
    """Line of bounds.tsv to differences, and to how many numbers only one side knows."""
    found, alone = {}, {}
    for track, numbers in tracks.items():
        for name in definition.NUMBERS:
            want, got = stored[f"{track}/{name}"][which], numbers.get(name)
            line = f"{group(name)}@{track}"
            line = line if line in lines else group(name)
            if want is not None and got is not None:
                found.setdefault(line, []).append(away(name, want, got))
            elif want is not None or got is not None:
                alone[line] = alone.get(line, 0) + 1
    return found, alone


def cells(name, found, word):
    """Largest and median difference of each set of tracks."""
    out = []
    for values in (f.get(name) for f, _ in found):
        if not values:
            out += ["–", "–"]
        elif word:
            out += [f"{sum(values):.0f} of {len(values)} differ", "–"]
        else:
            out += [f"{max(values):.2g}", f"{np.median(values):.1g}"]
    return out


def worst(name, found):
    return max((max(f[name]) for f, _ in found if name in f), default=None)


def definition_table(lines, found):
    out = ["| number | unit | bound | rendered: largest | median | real: largest | median | verdict |", "|---" * 8 + "|"]
    for name, unit, bound, _, _, _, why in lines:
        if bound == "-":
            continue
        alone = sum(a.get(name, 0) for _, a in found)
        verdict = "ABOVE" if worst(name, found) > float(bound) else "within"
        verdict += f", {alone} known on one side alone" if alone else ""
        verdict += f"; {why}" if why else ""
        out.append("| " + " | ".join([f"`{name}`", unit, bound, *cells(name, found, unit == "word"), verdict]) + " |")
    return out


def program_table(lines, found):
    sets = "rendered: largest | median | real: largest | median"
    out = [f"| number | unit | program | {sets} | known on one side | explained by |", "|---" * 9 + "|"]
    for name, unit, bound, library, program, why, _ in lines:
        most = worst(name, found)
        if program == "–" or most is None:
            continue
        same = bound != "-" and most <= float(bound)
        # The mono clips have stereo_width and phase_correlation by definition; a program has none.
        alone = sum(a.get(name, 0) for _, a in found)
        why = "same within the bound" if same else why
        why += " ABOVE ITS BOUND" if library != "-" and most > float(library) else ""
        row = [f"`{name}`", unit, program, *cells(name, found, unit == "word"), str(alone) if alone else "", why]
        out.append("| " + " | ".join(row) + " |")
    return out


if __name__ == "__main__":
    lines = [x.split("\t") for x in (HERE / "bounds.tsv").read_text().splitlines() if x and x[0] != "#"]
    names = {x[0] for x in lines}
    sets = [(json.loads(Path(a).read_text()), records(b)) for a, b in zip(sys.argv[1::2], sys.argv[2::2])]
    library, defined = ([differences(s, t, which, names) for s, t in sets] for which in (0, 1))
    counts = " and ".join(f"{len(t)} {kind}" for (_, t), kind in zip(sets, ("rendered", "real")))
    day = f"{datetime.date.today().isoformat()}, CPU kernels, {counts} tracks; differences in the unit named."
    out = [day, "", "### Beside the definition", "", *definition_table(lines, defined)]
    out += ["", "### Beside the programs as they come", "", *program_table(lines, library)]
    text = (HERE / "README.md").read_text()
    (HERE / "README.md").write_text(text.split(BEGIN)[0] + "\n".join([BEGIN, *out, END]) + text.split(END)[1])

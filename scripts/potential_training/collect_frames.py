"""Join the shards of labelled frames behind the gate, with the energies of single atoms."""

import json
from pathlib import Path

import pandas as pd

from ionshift.config.part import given
from ionshift.config.reference import Reference
from ionshift.core.files import atomic_path, read_table, write_table
from ionshift.core.job import launch
from ionshift.labels.gate import check_gate
from ionshift.potential_training import frames, reference


def main(snakemake, log):
    files, params, output = snakemake.input, snakemake.params, snakemake.output
    labelled = [atoms for path in files.frames for atoms in frames.read(path, may_be_empty=True)]
    table = pd.concat([read_table(path) for path in files.tables], ignore_index=True)
    log(f"{len(table)} frames: {table['status'].value_counts().to_dict()}")
    key = "potential_training.min_ok_share"
    check_gate(table, params.min_ok_share, key, "'ionshift labels retry-frames'")
    energies = None
    if params.isolated_atoms == "computed":
        elements = sorted({symbol for atoms in labelled for symbol in atoms.symbols})
        work = Path(params.store) / "work"
        task = reference.ReferenceTask(
            given(Reference, params.reference), work, params.cp2k_command
        )
        store = reference.open_store(params.store)
        energies = reference.isolated_atoms(elements, task, store, log)
    frames.write(output.frames, labelled)
    write_table(table, output.table)
    with atomic_path(output.atoms) as path:
        path.write_text(json.dumps(energies))


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821

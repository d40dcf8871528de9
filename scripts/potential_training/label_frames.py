"""Reference energies, forces and stresses of one shard of a training system's frames."""

from pathlib import Path

from ionshift.config.part import given
from ionshift.config.reference import Reference
from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.potential_training import frames, reference


def main(snakemake, log):
    params = snakemake.params
    first = int(snakemake.wildcards.shard) * params.shard_size
    chosen = frames.read(snakemake.input.frames, may_be_empty=True)[
        first : first + params.shard_size
    ]
    settings = given(Reference, params.reference)
    chosen = reference.structures(chosen, settings, params.charges)
    store = reference.open_store(params.store)
    task = reference.ReferenceTask(settings, Path(params.store) / "work", params.cp2k_command)
    labelled, table = reference.label_frames(chosen, task, store, snakemake.threads, log)
    frames.write(snakemake.output.frames, labelled)
    write_table(table, snakemake.output.table)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821

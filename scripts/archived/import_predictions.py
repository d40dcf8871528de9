"""Take archived predictions of one system over, checked."""

from pathlib import Path

from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.runs.archived import configuration
from ionshift.runs.predictions import read_members, read_predictions


def main(snakemake, log):
    files, reference_ppm = snakemake.input, snakemake.params.reference_shielding_ppm
    made_with = configuration(files.manifest)
    table = read_predictions(Path(files.predictions), reference_ppm, made_with)
    log(f"{len(table)} environments in {table['replica'].nunique()} replicas")
    members = read_members(files.members or None, table, reference_ppm)
    if members.empty:
        log("no means of the committee's members: the error of the model is unknown")
    write_table(table, snakemake.output.predictions)
    write_table(members, snakemake.output.members)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821

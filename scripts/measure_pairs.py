"""g(r) of the nucleus with solvent, anion and like atoms in one system."""

from common import launch
from ionshift.config import Electrolyte, Shell
from ionshift.files import atomic_path
from ionshift.pairs import pair_table
from ionshift.trajectory import open_all


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    table = pair_table(
        open_all(files.topologies, files.trajectories),
        Electrolyte(**params.electrolyte),
        Shell(**params.shell),
        params.frame_stride,
    )
    log(f"pairs: {', '.join(table['pair'].unique())}")
    table.insert(0, "system", snakemake.wildcards.system)
    with atomic_path(snakemake.output.rdf) as path:
        table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821

"""Recorded time and memory of every rule, from the benchmark files."""

from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.runs import costs


def main(snakemake, log):
    table = costs.cost_table(costs.read_benchmarks(snakemake.params.benchmarks))
    log(f"{table['core_h'].sum():.2f} core-hours in {table['n_jobs'].sum()} recorded jobs")
    with atomic_path(snakemake.output.costs) as path:
        table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821

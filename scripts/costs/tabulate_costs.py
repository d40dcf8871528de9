"""Recorded time and memory of every rule, from the benchmark files."""

from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.runs import costs


def main(snakemake, log):
    table = costs.cost_table(costs.read_benchmarks(snakemake.params.benchmarks))
    log(f"{table['core_h'].sum():.2f} core-hours in {table['n_jobs'].sum()} recorded jobs")
    write_table(table, snakemake.output.costs)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821

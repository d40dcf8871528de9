"""Tables of what a run cost."""

from ionshift.core.schemas import Table, count, error, size, text

TABLES = (
    Table(
        name="costs",
        row="rule",
        files={"tables/costs.csv": "tabulate_costs"},
        columns=(
            text("rule", "name of the rule"),
            count("n_jobs", "recorded jobs", least=1),
            size("core_h", "CPU time of all jobs", nullable=True),
            size("core_h_a_job", "CPU time of a job", nullable=True),
            error("core_h_a_job_sd", "standard deviation between jobs"),
            size("wall_h", "elapsed time of all jobs", nullable=True),
            size("longest_wall_h", "elapsed time of the longest job", nullable=True),
            size("max_rss_MB", "largest peak memory of a job", nullable=True),
        ),
        key=("rule",),
        may_be_empty=True,
    ),
)

# Included after every file that names tables: its table looks at the benchmarks of what made them.
# Benchmark files are read, not required: a lost timing is no reason to compute anything again.


rule tabulate_costs:
    input:
        tables=[getattr(rules, name).output for name in TABLE_RULES],
    output:
        costs=f"{TABLES}/costs.csv",
    log:
        f"{LOGS}/tabulate_costs.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory_MB(2000),
        runtime=minutes(60),
    params:
        benchmarks=BENCHMARKS,
        code=code("costs/tabulate_costs"),
    message:
        "Recorded time and memory of every rule"
    script:
        "../../scripts/costs/tabulate_costs.py"


TABLE_RULES += ["tabulate_costs"]
FIGURE_NAMES += ["costs"]

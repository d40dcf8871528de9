"""Write the first page of a study from its tables and figures."""

import importlib

from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.runs import summary_page
from ionshift.runs.summary_tables import read_tables


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    of_kind = importlib.import_module(params.module)
    tables = read_tables({name: files[name] for name in params.tables}, of_kind.COLUMNS)
    page = of_kind.page(tables, params.settings, snakemake.resources.configfile)
    figures = [
        summary_page.Figure.read(path, caption)
        for path, caption in zip(files.figures, params.captions, strict=True)
    ]
    with atomic_path(snakemake.output.page) as path:
        path.write_text(summary_page.html(page, figures))
    log(f"{page.answer[0]} More in {snakemake.output.page}")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821

"""Draw one figure of the catalogue from its tables."""

from ionshift.config.figures import Figures
from ionshift.config.part import whole
from ionshift.core.files import read_table
from ionshift.core.job import launch
from ionshift.figures.catalogue import Entry
from ionshift.figures.style import save


def main(snakemake, log):
    entry, style = (
        Entry.model_validate(snakemake.params.entry),
        whole(Figures, snakemake.params.style),
    )
    files = snakemake.input
    tables = [read(files[name], name in entry.optional) for name in entry.tables]
    figure = entry.function()(*tables, *snakemake.params.options.values(), style)
    save(figure, snakemake.output, style.dpi)


def read(path, may_be_empty):
    """A table; None for an optional one without rows."""
    table = read_table(path)
    return None if may_be_empty and table.empty else table


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821

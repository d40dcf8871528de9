"""`python -m ionshift.cli`: the command `ionshift`."""

from ionshift.cli.main import main

main()

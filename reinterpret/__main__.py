"""`python -m reinterpret` is the same as `reinterpret`."""

import sys

from reinterpret.cli import main
from reinterpret.own_python import trusted_path

if __name__ == "__main__":
    # `python -m` has put the working folder first.
    sys.path[:] = trusted_path()
    main()

"""`python -m reinterpret` is the same as `reinterpret`."""

from reinterpret.cli import main

if __name__ == "__main__":
    main()

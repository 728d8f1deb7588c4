"""Let `python -m cjm_sync` do what `cjm-sync` does."""

from cjm_sync.cli import main

if __name__ == "__main__":
    main()

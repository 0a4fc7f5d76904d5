"""`python -m sim`."""

from sim.runtime import signals

if __name__ == "__main__":
    # Before all else is imported, which takes a while.
    signals.start()

    from sim.cli import main

    main()

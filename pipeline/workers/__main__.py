"""The process of one worker: ``python -m pipeline.workers``, as the launcher starts it."""

from pipeline.process_limits import UNUSED, hidden, use_one_arena

if __name__ == "__main__":
    use_one_arena()
    # Arrow looks for pandas when it is imported, and once more when it makes its first array.
    with hidden(*UNUSED):
        import pyarrow as pa

        from pipeline.workers.worker import main

        pa.array([None])
    main()

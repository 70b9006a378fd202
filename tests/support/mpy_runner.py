"""Runs test functions inside MicroPython and reports each; mpy_collector.py starts it and reads.

Each report is a line that begins with a mark; the text up to the next mark belongs to it: what
the function printed, the reason of a skip, the traceback of a failure.
"""

import gc
import sys

_MARK = "\x1e\x1dmpy "


def main(module: str, functions: list) -> None:
    """Import a test module and run the functions named; "async NAME" is awaited."""
    report("load")
    try:
        loaded = __import__(module)
    except BaseException as error:
        verdict(error)
        return
    for function in functions:
        gc.collect()
        name = function.split()[-1]
        report("start", name)
        try:
            result = getattr(loaded, name)()
            if name != function:
                import asyncio

                asyncio.new_event_loop()  # without what an earlier test left in the queue
                asyncio.run(result)
        except BaseException as error:
            verdict(error)
            if isinstance(error, KeyboardInterrupt):
                return  # its time was up
        else:
            report("pass")
    report("end")


def report(kind: str, name: str = "") -> None:
    """Begin a report; on a line of its own whatever a test has printed before."""
    print(f"{_MARK}{kind} {name}")


def verdict(error: BaseException) -> None:
    """Report how a function ended: any exception called Skip is a reason, not a failure."""
    if type(error).__name__ == "Skip":
        report("skip")
        print(error)
    else:
        report("fail")
        sys.print_exception(error)

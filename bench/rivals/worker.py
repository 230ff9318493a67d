"""The Python side of the bench protocol: one JSON object a line on stdin, one answer a line on stdout.

  {"do": "prepare", "params": {...}}  -> {"sample": [...]}  warms a case up; sample: a few outputs, to compare sides
  {"do": "run", "params": {...}}      -> {"ms": 12.3}       runs it once; the time is taken in here
  {"do": "peak"}                      -> {"bytes": 123}     peak resident memory of this process so far
  {"do": "end"}                       -> {}                 and the process ends

The first line, sent unasked when the model is ready, is {"versions": {...}}. A failure is {"error": "..."}.
"""

import gc
import json
import os
import resource
import sys
import time

#: Unless a case's params say "warmUps".
WARM_UP_RUNS = 2


def peak_bytes():
    try:
        with open("/proc/self/status") as status:
            line = next(line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def serve(load):
    """Answers requests until `end`.

    `load()` returns (versions, make): make(params) returns a function that runs the case once, and a
    function from that run's result to the list of numbers by which sides are compared.
    """
    # Libraries print notices; only answers may reach the real stdout.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(message):
        answers.write(json.dumps(message) + "\n")

    try:
        versions, make = load()
    except Exception as error:
        answer({"error": f"{type(error).__name__}: {error}"})
        raise
    answer({"versions": versions})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            what = request["do"]
            if what == "end":
                answer({})
                return
            if what == "peak":
                answer({"bytes": peak_bytes()})
                continue
            run, sample = make(request["params"])
            if what == "prepare":
                for _ in range(request["params"].get("warmUps", WARM_UP_RUNS)):
                    result = run()
                message = {"sample": sample(result)}
            elif what == "run":
                start = time.perf_counter()
                result = run()
                message = {"ms": (time.perf_counter() - start) * 1e3}
            else:
                raise ValueError(f"unknown request {what!r}: prepare, run, peak or end")
            # Freed before the answer: outside the time, and not while the other side runs.
            del result
            gc.collect()
            answer(message)
        except Exception as error:
            answer({"error": f"{type(error).__name__}: {error}"})

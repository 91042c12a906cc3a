"""What the two engines under test have in common: requests as JSON lines on
stdin, answers as JSON lines on stdout, and one form for values of every type.

A request is {"verb": ..., "args": {...}}; an answer is {"ok": ...}, or
{"error": "Type: message"} when the verb raised.
"""
import datetime
import decimal
import json
import os
import struct
import sys
import traceback

EPOCH = datetime.datetime(1970, 1, 1)


def plain(value):
    """A value as JSON that tells all values apart: a double as the hex of its
    bits (every NaN alike), a timestamp or date as microseconds since 1970,
    bytes as hex."""
    if isinstance(value, float):
        return struct.pack(">d", value if value == value else float("nan")).hex()
    if isinstance(value, datetime.datetime):
        return (value.replace(tzinfo=None) - EPOCH) // datetime.timedelta(microseconds=1)
    if isinstance(value, datetime.date):
        return plain(datetime.datetime(value.year, value.month, value.day))
    if isinstance(value, datetime.time):
        return plain(datetime.datetime.combine(EPOCH, value))
    if isinstance(value, decimal.Decimal):
        return plain(float(value))
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(element) for element in value]
    return value


def serve(engine):
    """Answers requests with the engine's methods until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print isn't an answer
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": getattr(engine, request["verb"])(**request["args"])}
        except Exception as error:  # the test judges it
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, ensure_ascii=False), file=answers, flush=True)

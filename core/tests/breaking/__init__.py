"""What tries to break flambeau from outside: files, killed savers and workers, signals, threads, limits of memory.

`python -m breaking --seconds 480 --seed 0` runs every part in turn; a part is a function that makes one trial of what
is drawn, says how it ended, and raises `Violation` where a promise was broken.
"""

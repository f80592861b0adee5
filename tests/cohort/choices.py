"""What a random history is made of. Half a byte picks from each list; the first entry is the plain one."""

from __future__ import annotations

from datetime import time
from typing import Any

METHOD_OBSERVATION, OTHER_OBSERVATION = 2_000_000_101, 2_000_000_102
AFTER_THE_LAST = (10, 0, 0, 1, 1, 2, 3, 4, -1, -2, "same day", 28, 29, 30, 31, 1)
NIGHTS_IN_A_AND_E = (0, 0, 1, "open")
NIGHTS = (2, 0, 0, 1, 1, 3, 4, 7, 5, 14, 2, 0, 0, "open", "beyond", "backwards")
CLOCKS: tuple[time | str | None, ...] = (None, None, None, time(), *map(time, (8, 9, 9, 10, 12, 12, 14, 22)))
CLOCKS += (time(1, 30), time(23, 59, 59), "another day", None)
CONCEPTS = (*4 * (9201,), *4 * (262,), *3 * (9203,), 9202, "twice", "twice", "twice elsewhere", 9201)
METHODS = ("21", None, "22", " 2a", "2b", "81 ", "11", "12", "98", "28", "31", "21", None, "2D", "  ", None)
CLASSES: tuple[tuple[str | None, str | None], ...] = ((None, None),) * 7  # patient class, discharge method
CLASSES += (
    ("1", "1"),
    (" ", "1"),
    ("1", "2"),
    (" 2 ", "1"),
    ("3", None),
    ("4", None),
    (None, "4"),
    ("1", "5 "),
    ("1", None),
)
DESTINATIONS = (None, "19", "19", "19", "19", "51", " 51", "52", "49", "84", "79", "54", "87", "53", None, None)
SOURCES = (None, "19", "19", "51 ", "51", "53", "87", "49", "84", "29", "52", None, None, None, "19", "19")
PLACES: tuple[tuple[int | None, int | None], ...] = ((None, None),) * 7  # discharged to, admitted from
PLACES += ((0, 0), (8717, None), (8676, 8717), (8971, None), (None, 8971), (38004284, 38004284), (4216643, None))
PLACES += ((None, 8870), (None, 8870))
SITES = (None, 1, 1, 1, 2, 2, 3, None)
HEART_FAILURE, PNEUMONIA = "I50.0", "J18.1"
DIAGNOSES: tuple[tuple[tuple[Any, ...], ...], ...] = (  # code, status concept, type concept, status as written
    ((HEART_FAILURE, 32903, 32817, None),),
    (),
    ((PNEUMONIA, 32903, 32817, None), (HEART_FAILURE, 32908, 32817, None)),
    ((PNEUMONIA, None, 38000185, None), ("I50.1", None, 38000183, None)),
    ((HEART_FAILURE, 0, 32817, " p "), (PNEUMONIA, 0, 32817, "2")),
    ((HEART_FAILURE, None, None, None),),
    ((PNEUMONIA, None, None, None), (HEART_FAILURE, None, None, None)),
    (("i500", 32902, 32817, None),),
    (("I25.5", 32903, 32817, None), (HEART_FAILURE, 32909, 32817, None)),
    (("I42.1", 32903, 32817, None),),
    ((PNEUMONIA, 32903, None, None), (HEART_FAILURE, None, 38000183, "P")),
    ((HEART_FAILURE, None, None, "primary"),),
    (("I13.0", 32903, 32817, None),),
    ((None, 32903, None, None), (HEART_FAILURE, None, None, "1")),
    ((HEART_FAILURE, 32901, 32817, None),),
    (("I110", 32903, 32817, None), ("I50.9", 32903, 32817, None)),
)
OBSERVATIONS = ((), (), (), ((METHOD_OBSERVATION, "21"),), ((METHOD_OBSERVATION, "11"),), ((METHOD_OBSERVATION, "98"),))
OBSERVATIONS += (((OTHER_OBSERVATION, "21"),), ((METHOD_OBSERVATION, " 2a"), (OTHER_OBSERVATION, "11")))
BEFORE_THE_END = (60, 200, 150, 120, 100, 90, 85, 75, 70, 65, 50, 40, 33, 20, 5, 1)
DEATHS: tuple[int | str | None, ...] = (*5 * (None,), -1, 0, 1, 5, 29, 30, 31, "first", "first + 2", "unseen", "twice")
BIRTHS: tuple[tuple[int, int | None, int | None], ...] = ((1940, None, None),) * 10
BIRTHS += ((2006, 1, 31), (2006, 2, 28), (2006, 3, 1), (2005, 12, 31), (2012, None, None), (2004, 2, 29))

ALIVE: dict[str, tuple[Any, ...]] = {
    "classes": ((None, None), (None, "1"), ("1", "1")),
    "destinations": (None, "19", "19", "54"),
    "places": ((None, None), (None, None), (None, 8870), (8676, None)),
    "nights": (2, 1, 3, 0, 5),
    "diagnoses": DIAGNOSES[:1] + DIAGNOSES[7:8] + DIAGNOSES[15:],
}
MOVED_ON: dict[str, tuple[Any, ...]] = {
    **ALIVE,
    "after": (0, 1, 2, 3, 0, 1, 4, 2),
    "concepts": (9201, 9201, 9201, 262),
    "destinations": ("51", "51", "53", "84", "19", "49", None, "52"),
    "sources": ("51", "19", "52", None, "87"),
    "methods": ("21", "21", "2b", "81", "11"),
}
# another hospital within a day, sometimes by way of its A&E
ELSEWHERE: dict[str, tuple[Any, ...]] = {
    **ALIVE,
    "after": (0, 1, 0, 1, 0, 1, 2, 10),
    "concepts": (9201, 9201, 9203, 9201),
    "sites": (1, 2),
    "nights": (2, 1, 0, 1),
}
# What the stays of some people have in common: nothing, a plain course, one transfer after another.
HABITS: tuple[dict[str, tuple[Any, ...]], ...] = (ALIVE, {}, {}, {}, ALIVE, ALIVE, MOVED_ON, ELSEWHERE)

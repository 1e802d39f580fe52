"""The live probe: which networks each viewer asks about, and the results so far."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Generator, Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from explorer.library.background import Background, Result, Wanted
from explorer.views.probe import accuracy
from explorer.views.probe.accuracy import (
    STAGES,
    Disturbance,
    Estimate,
    Fitted,
    Measure,
    Stage,
    Subject,
)
from explorer.views.probe.scratch import Scratch
from pad_core.evaluation.linear_probe import LinearProbe
from pad_core.evaluation.paper_measures import Material

KEPT_BYTES = 100e6  # of recalled memories, in memory: 15 MB a network
# Of whole data sets' latents, on the disk, so that the paper's probes needn't wait for them.
SCRATCH_BYTES = 1e9
# Order of urgency: a first estimate of every network, then more images, then better probes.
_FIT_QUICKLY, _ENCODE, _TRAIN = 0, 3, 4
_URGENCY = (1, 2, 5, 6)  # of the stages


@dataclass(frozen=True)
class Reading:
    """The results about one network so far.

    estimate: the best so far, or None; full: no better one will come; cached: it was ready before
    it was asked for; doing, share: the current work and its progress; curves: how the probes
    learned (see ``Fitted``); probes: those behind the estimate; fitted: whether to all latents;
    error: why there will be no estimate.
    """

    estimate: Estimate | None = None
    full: bool = False
    cached: bool = False
    doing: str = ""
    share: float = 0.0
    curves: tuple[tuple[float, ...], ...] = ()
    probes: tuple[LinearProbe, ...] = ()
    fitted: bool = False
    error: str = ""

    @property
    def busy(self) -> bool:
        """Whether more results will come."""
        return not (self.full or self.error)


class _Plan(NamedTuple):
    """The jobs of a subject, and where to read their results.

    shown: estimates from worst to best; the last finished one is shown; clean: the fit whose own
    estimate is enough, if any; final: whether probes are fitted to all latents; probes: once there
    are any.
    """

    wanted: dict[Hashable, Wanted]
    shown: list[Hashable]
    clean: Hashable | None
    final: bool
    probes: tuple[LinearProbe, ...]


class LiveProbe:
    """Probes networks in the background, for all viewers."""

    def __init__(self, threads: int) -> None:
        self._background = Background(threads)
        self._kept: OrderedDict[tuple[str, str], Material] = OrderedDict()
        self._scratch = Scratch(SCRATCH_BYTES)
        self._lock = threading.Lock()

    def read(
        self,
        viewer: str,
        subjects: Mapping[str, Subject],
        disturbance: Disturbance,
        measure: Measure,
        run: int = 0,
        patience: float = 0.0,
    ) -> dict[str, Reading]:
        """The results about each subject so far; missing ones are computed while this is called.

        Args:
            run: how often the viewer has had the paper's probes trained anew.
            patience: seconds to wait for a first estimate of every network.
        """
        deadline = time.monotonic() + patience
        while True:
            plans = {
                key: self._plan(subject, place, disturbance, measure, run)
                for place, (key, subject) in enumerate(subjects.items())
            }
            wanted = {k: job for plan in plans.values() for k, job in plan.wanted.items()}
            self._background.ask(viewer, wanted)
            readings = {
                key: self._reading(viewer, subjects[key], plan, measure, run)
                for key, plan in plans.items()
            }
            left = deadline - time.monotonic()
            if left <= 0 or all(r.estimate or r.error for r in readings.values()):
                return readings
            self._background.wait(left)

    def _plan(
        self, subject: Subject, place: int, disturbance: Disturbance, measure: Measure, run: int
    ) -> _Plan:
        look = self._background.look
        best, quick = _key("fit", subject), _key("quick fit", subject)
        first = _FIT_QUICKLY if subject.dataset is None else _ENCODE
        wanted = {best: Wanted((first, place), partial(self._fit, subject))}
        final = bool(_fitted(look(best)).probes)
        if not final and subject.dataset is not None:
            wanted[quick] = Wanted((_FIT_QUICKLY, place), partial(_fit_quickly, subject))
        source = best if final else quick
        if measure == "paper":
            what = "training" if final else "quick training"
            source = _key(what, subject, run)
            train = self._train if final else _train_quickly
            wanted[source] = Wanted(
                (_TRAIN if final else _FIT_QUICKLY, place), partial(train, subject)
            )
            # Probes of an earlier run are the same, and serve while these learn.
            before = (_key(what, subject, earlier) for earlier in range(run, -1, -1))
            source = next((key for key in before if _fitted(look(key)).probes), source)
        fitted = _fitted(look(source))
        if not fitted.probes:
            return _Plan(wanted, [], None, final, ())
        if disturbance.none and fitted.clean:
            return _Plan(wanted, [], source, final, fitted.probes)
        # A quick estimate serves until there is a better one.
        shown = [_key("estimate", subject, False, measure, disturbance, s) for s in STAGES[:2]]
        for stage, urgency in zip(STAGES if final else STAGES[:2], _URGENCY, strict=False):
            key = _key("estimate", subject, final, measure, disturbance, stage)
            start = partial(self._estimate, subject, final, fitted.probes, disturbance, stage)
            wanted[key] = Wanted((urgency, place), start)
            if final:
                shown.append(key)
        return _Plan(wanted, shown, None, final, fitted.probes)

    def _reading(
        self, viewer: str, subject: Subject, plan: _Plan, measure: Measure, run: int
    ) -> Reading:
        look, was_here = self._background.look, self._background.was_here
        working = _key("training", subject, run) if measure == "paper" else _key("fit", subject)
        learning = _fitted(look(working))
        # An error of the fit to all latents stops the training, too.
        ahead = learning if plan.final else _fitted(look(_key("fit", subject)))
        if plan.clean:
            estimate, best = _fitted(look(plan.clean)).clean, plan.clean
        else:
            best = next((key for key in reversed(plan.shown) if look(key).value), None)
            estimate = look(best).value if best else None
        full = plan.final and best is not None and best in (plan.clean, *plan.shown[-1:])
        training = measure == "paper" and not learning.probes
        # Without stored memories there is no quick fit, but all images will do.
        quick = (_key("quick fit", subject), _key("quick training", subject, run))
        needed = [key for key in plan.wanted if key not in quick]
        failed = next((look(key).error for key in needed if look(key).error), "")
        doing = ahead.doing if ahead.share < 1 else ""
        return Reading(
            estimate,
            full and not training,
            best is not None and was_here(viewer, best),
            doing,
            ahead.share,
            learning.curves,
            plan.probes,
            plan.final and bool(plan.probes),
            failed,
        )

    def _fit(self, subject: Subject) -> Iterator[Fitted]:
        material = yield from self._material(subject)
        yield from accuracy.fit(material)

    def _train(self, subject: Subject) -> Iterator[Fitted]:
        material = yield from self._material(subject)
        yield from accuracy.train(material)

    def _estimate(
        self,
        subject: Subject,
        final: bool,
        probes: tuple[LinearProbe, ...],
        disturbance: Disturbance,
        stage: Stage,
    ) -> Iterator[Estimate | Fitted | None]:
        if subject.dataset is None:
            material = yield from self._material(subject)
        else:
            material = (accuracy.image_material if final else accuracy.quick_material)(subject)
        yield from accuracy.estimate(subject, material, probes, disturbance, stage)

    def _material(self, subject: Subject) -> Generator[Fitted, None, Material]:
        """All data that a subject's probes are fitted to, from the cache or computed."""
        if subject.dataset is None:
            return self._recalled(subject)
        if kept := self._scratch.find(subject.id):
            known = accuracy.image_material(subject)
            return known._replace(train_latents=kept["train"], latents=kept["test"])
        material = yield from accuracy.encode(subject)
        latents = {"train": material.train_latents, "test": material.latents}
        self._scratch.keep(subject.id, latents)
        return material

    def _recalled(self, subject: Subject) -> Material:
        """A network's recalled memories; those used longest ago leave the cache."""
        with self._lock:
            if subject.id in self._kept:
                self._kept.move_to_end(subject.id)
                return self._kept[subject.id]
        material = accuracy.quick_material(subject)
        with self._lock:
            self._kept[subject.id] = material
            while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > KEPT_BYTES:
                self._kept.popitem(last=False)
        return material


def _fit_quickly(subject: Subject) -> Iterator[Fitted]:
    yield from accuracy.fit(accuracy.quick_material(subject))


def _train_quickly(subject: Subject) -> Iterator[Fitted]:
    yield from accuracy.train(accuracy.quick_material(subject))


def _key(what: str, subject: Subject, *more: Hashable) -> Hashable:
    return (what, *subject.id, *more)


def _fitted(result: Result) -> Fitted:
    return result.value or Fitted()


def _size(material: Material) -> int:
    """Bytes of recalled memories and their latents."""
    return sum(t.nbytes for t in (material.train_latents, material.latents, material.images))

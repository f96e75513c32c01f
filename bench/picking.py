"""`python -m bench.picking`: waves in the hall of a million dossiers, beside the order asked for and a stronger solver.

Dossiers are drawn at random from the simulated city's register, as the requests of a day are; nothing stands open at the
start. For 60 picks the very same task (aisles, ways, ends) is also given to OR-Tools: its routing library by guided local
search, and its CP-SAT solver for a length that no walk can stay below.
"""

import argparse
import random
import time
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table

from devices.simulator.city import City, make_city
from inventory.domain.aisle_order import Task, short_order
from inventory.domain.hall import AisleName, Hall, Spot, survey
from inventory.domain.waves import PickPoint, Walk, openings_min, plan_wave, rounds_by_room, walk_as_asked

WAVES = (60, 200, 600)
PEER_PICKS = 60
MILLIMETRES_PER_METRE = 1000

screen = Console()


def shelves(city: City) -> list[PickPoint]:
    """The shelf of every dossier that stands on one; room 1 has the mobile shelving, room 2 the cabinets."""
    rows, places = city.places, city.dossiers.place.tolist()
    return [
        PickPoint(key, 1 if row.aisle else 2, row.block, row.aisle, row.x, row.y, row.z)
        for key, row in enumerate(map(rows.__getitem__, places))
        if row.x is not None and row.y is not None and row.z is not None
    ]


def hall_of(city: City) -> Hall:
    """Every aisle as long as its bays make it."""
    bays = [
        (AisleName(1, row.block, row.aisle), Spot(row.x, row.y))
        for row in city.places
        if row.block and row.aisle and row.x is not None and row.y is not None
    ]
    return Hall(survey(bays))


def measure(picks: Sequence[PickPoint], hall: Hall) -> tuple[Walk, Walk, float]:
    """The walk as asked, the wave, and the seconds the wave took to plan."""
    began = time.perf_counter()
    wave = plan_wave(picks, hall)
    seconds = time.perf_counter() - began
    return walk_as_asked(picks, hall), wave, seconds


def against_the_order_asked_for(standing: Sequence[PickPoint], hall: Hall, seeds: int) -> Table:
    table = Table(title=f"waves in a hall of {len(standing):,} dossiers: medians of {seeds} draws")
    columns = (
        "picks",
        "aisles to open: asked",
        "wave",
        "at least",
        "metres: asked",
        "wave",
        "ratio",
        "minutes: asked",
        "wave",
    )
    for column in (*columns, "ratio", "planned in"):
        table.add_column(column, justify="right")
    for size in WAVES:
        drawn = [random.Random(seed).sample(standing, size) for seed in range(seeds)]
        walks = [measure(picks, hall) for picks in drawn]
        least = [openings_min(picks) for picks in drawn]
        assert all(wave.aisles_opened == floor for (_, wave, _), floor in zip(walks, least, strict=True))
        table.add_row(
            str(size),
            f"{median(asked.aisles_opened for asked, _, _ in walks):.0f}",
            f"{median(wave.aisles_opened for _, wave, _ in walks):.0f}",
            f"{median(least):.0f}",
            f"{median(asked.metres for asked, _, _ in walks):,.0f}",
            f"{median(wave.metres for _, wave, _ in walks):,.0f}",
            f"{median(asked.metres / wave.metres for asked, wave, _ in walks):.1f}",
            f"{median(asked.minutes for asked, _, _ in walks):.0f}",
            f"{median(wave.minutes for _, wave, _ in walks):.0f}",
            f"{median(asked.minutes / wave.minutes for asked, wave, _ in walks):.2f}",
            f"{median(seconds for _, _, seconds in walks) * 1000:.0f} ms",
        )
    return table


# ── The peer ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Modes:
    """The task as solvers know it: node 0 is the door, nodes 1 + 4a + 2e + f are aisle a from end e to end f; one of four.

    costs: whole millimetres from node to node, what is inside the second included.
    """

    def __init__(self, task: Task) -> None:
        self.aisles = task.aisles
        heads = np.arange(2 * task.aisles).reshape(-1, 2)
        entered = np.append(2 * task.aisles, np.repeat(heads, 2, axis=1))
        left = np.append(2 * task.aisles, np.tile(heads, (1, 2)))
        inside = np.append(0.0, task.through)
        metres = task.distances[np.ix_(left, entered)] + inside[None, :]
        self.costs = np.rint(metres * MILLIMETRES_PER_METRE).astype(int).tolist()

    def of(self, aisle: int) -> range:
        """The nodes of an aisle."""
        return range(1 + 4 * aisle, 5 + 4 * aisle)


def by_routing(modes: Modes, seconds: float) -> float:
    """Metres found by OR-Tools' routing library in so many seconds."""
    routing = import_module("ortools.constraint_solver.pywrapcp")
    enums = import_module("ortools.constraint_solver.routing_enums_pb2")
    numbers = routing.RoutingIndexManager(len(modes.costs), 1, 0)
    model = routing.RoutingModel(numbers)
    model.SetArcCostEvaluatorOfAllVehicles(model.RegisterTransitMatrix(modes.costs))
    for aisle in range(modes.aisles):
        model.AddDisjunction([numbers.NodeToIndex(node) for node in modes.of(aisle)], 10**9, 1)
    asked = routing.DefaultRoutingSearchParameters()
    asked.first_solution_strategy = enums.FirstSolutionStrategy.PATH_CHEAPEST_ARC
    asked.local_search_metaheuristic = enums.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    asked.time_limit.FromMilliseconds(round(seconds * 1000))
    return float(model.SolveWithParameters(asked).ObjectiveValue()) / MILLIMETRES_PER_METRE


def by_proof(modes: Modes, seconds: float) -> tuple[float, float]:
    """Metres found by CP-SAT in so many seconds, and metres proved to be needed by any walk."""
    sat = import_module("ortools.sat.python.cp_model")
    model = sat.CpModel()
    arcs, terms = [], []
    owner = [-1, *(aisle for aisle in range(modes.aisles) for _ in range(4))]
    for start, row in enumerate(modes.costs):
        for end, cost in enumerate(row):
            if owner[start] != owner[end]:
                taken = model.new_bool_var("")
                arcs.append((start, end, taken))
                terms.append(cost * taken)
    for aisle in range(modes.aisles):
        left_out = [model.new_bool_var("") for _ in modes.of(aisle)]
        arcs += [(node, node, out) for node, out in zip(modes.of(aisle), left_out, strict=True)]
        model.add(sum(left_out) == len(left_out) - 1)
    model.add_circuit(arcs)
    model.minimize(sum(terms))
    solver = sat.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.solve(model)
    return solver.objective_value / MILLIMETRES_PER_METRE, solver.best_objective_bound / MILLIMETRES_PER_METRE


def against_the_peer(standing: Sequence[PickPoint], hall: Hall, seeds: int, seconds: float) -> Table:
    table = Table(
        title=f"{PEER_PICKS} picks in the mobile shelving, the same task for all; the peers have {seconds:.0f} s each"
    )
    for column in (
        "draw",
        "aisles",
        "wave, m",
        "took",
        "routing, m",
        "CP-SAT, m",
        "proved, m",
        "wave / best peer",
        "wave / proved",
    ):
        table.add_column(column, justify="right")
    mobile = [pick for pick in standing if pick.aisle]
    ratios = []
    for seed in range(seeds):
        task = rounds_by_room(random.Random(seed).sample(mobile, PEER_PICKS), hall, ())[0].task()
        modes = Modes(task)
        began = time.perf_counter()
        metres, _ = short_order(task)
        took = time.perf_counter() - began
        routed = by_routing(modes, seconds)
        found, proved = by_proof(modes, seconds)
        ratios.append(metres / min(routed, found))
        row = (f"{metres:.1f}", f"{took * 1000:.0f} ms", f"{routed:.1f}", f"{found:.1f}", f"{proved:.1f}")
        table.add_row(str(seed), str(task.aisles), *row, f"{ratios[-1]:.4f}", f"{metres / proved:.3f}")
    table.caption = f"median ratio to the best peer {median(ratios):.4f}, worst {max(ratios):.4f}"
    return table


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dossiers", type=int, default=1_000_000)
    parser.add_argument("--seeds", type=int, default=9)
    parser.add_argument("--peer-seeds", type=int, default=3)
    parser.add_argument("--peer-seconds", type=float, default=60)
    asked = parser.parse_args()
    city = make_city(asked.dossiers, seed=1)
    standing, hall = shelves(city), hall_of(city)
    screen.print(
        f"{len(standing):,} dossiers on shelves, {len(hall.aisles)} aisles in {len({a.name.block for a in hall.aisles})} blocks"
    )
    screen.print(against_the_order_asked_for(standing, hall, asked.seeds))
    if find_spec("ortools") is None:
        screen.print("OR-Tools, the peer, is not installed (pip install ortools): the comparison with it is left out.")
    else:
        screen.print(against_the_peer(standing, hall, asked.peer_seeds, asked.peer_seconds))


if __name__ == "__main__":
    main()

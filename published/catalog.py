"""What the models' own descriptions and tests say, for those who read the published marts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

MARTS_SCHEMA = "marts"
GRAIN = "One row per"
NOT_RUN = "not run"
# Contracts name types as three engines understand them.
PUBLISHED_TYPES = {"string": "varchar", "float8": "double"}


@dataclass(frozen=True)
class DataTest:
    """A claim about a model and its result: pass, warn, fail, error or not run.

    `failures` is the number of rows that break it, null where it was not evaluated. A claim about
    several models is listed under each of them.
    """

    model: str
    column: str | None
    name: str
    status: str
    failures: int | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def data_tests(
    manifest: Any, results: Iterable[Any], unchanged: Collection[str] = ()
) -> list[DataTest]:
    """Every data test of a dbt manifest, sorted by model, with its result.

    Those that are unchanged since they passed pass.
    """
    outcomes = {result.node.unique_id: (str(result.status), result.failures) for result in results}
    outcomes |= dict.fromkeys(unchanged, ("pass", 0))
    found = [
        DataTest(
            model=model,
            column=getattr(node, "column_name", None),
            name=claim,
            status=status,
            failures=failures,
        )
        for node in manifest.nodes.values()
        if str(node.resource_type) == "test"
        for status, failures in [outcomes.get(node.unique_id, (NOT_RUN, None))]
        for model in _models_of(node, manifest)
        for claim in claims(node)
    ]
    return sorted(found, key=lambda test: (test.model, test.column or "", test.name))


def marts_catalog(manifest: Any, tests: Iterable[DataTest]) -> list[dict[str, Any]]:
    """Each mart with description, grain, columns and tests; bookkeeping columns are left out."""
    tests = list(tests)
    marts = [
        node
        for node in manifest.nodes.values()
        if str(node.resource_type) == "model" and node.schema == MARTS_SCHEMA
    ]
    catalog = []
    for mart in sorted(marts, key=lambda node: node.name):
        description, _, grain = _plain(mart.description).rpartition(GRAIN)
        catalog.append(
            {
                "name": mart.name,
                "area": mart.fqn[-2],
                "description": description.strip(),
                "grain": f"{GRAIN}{grain}",
                "columns": [
                    {
                        "name": column.name,
                        "type": PUBLISHED_TYPES.get(column.data_type, column.data_type),
                        "description": _plain(column.description),
                    }
                    for column in mart.columns.values()
                    if not column.name.startswith("_")
                ],
                "tests": [test.to_dict() for test in tests if test.model == mart.name],
            }
        )
    return catalog


def claims(test: Any) -> Iterator[str]:
    """What a test claims, in words if its kind is known, otherwise by its name.

    Several claims of one test share its result.
    """
    metadata = getattr(test, "test_metadata", None)
    if metadata is None:
        yield _plain(test.name.removeprefix("assert_").replace("_", " "))
        return
    arguments: Mapping[str, Any] = metadata.kwargs
    column = arguments.get("column_name")
    match metadata.name:
        case "unique_grain":
            yield f"one row per {', '.join(arguments['columns'])}"
        case "holds":
            filled = [c for c in arguments.get("never_null", []) if not c.startswith("_")]
            if filled:
                yield f"never null: {', '.join(filled)}"
            yield from map(_plain, arguments.get("claims", []))
        case "not_null":
            yield f"{column} is not null"
        case "unique":
            yield f"{column} is unique"
        case "accepted_values":
            yield f"{column} is one of {', '.join(map(str, arguments['values']))}"
        case "relationships":
            target = arguments["to"].removeprefix("ref('").removesuffix("')")
            yield f"{column} exists in {target}"
        case _:
            yield test.name


def _models_of(test: Any, manifest: Any) -> list[str]:
    """The model a generic test stands at; of a singular test, all that it reads."""
    attached = getattr(test, "attached_node", None)
    ids = [attached] if attached else test.depends_on.nodes
    return [manifest.nodes[node_id].name for node_id in ids if node_id in manifest.nodes]


def _plain(text: str) -> str:
    return " ".join(text.split())

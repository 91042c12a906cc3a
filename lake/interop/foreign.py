"""Tables that PyIceberg makes in a lake, in every way that alignctl itself
doesn't: called by pyiceberg_engine.py."""
import datetime
import decimal

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import IntegerType, LongType, NestedField, StringType


def make(catalog, folder):
    """Makes the tables and gives their names."""
    catalog.create_namespace("mine")
    catalog.create_namespace(("mine", "deep"))
    names = [("core", "all_types"), ("mine", "own"), ("mine", "deep", "own"), ("core", "split"), ("core", "strict"),
             ("raw", "taken"), ("raw", "odd names")]
    all_types(catalog, names[0])
    for name in names[1:3]:
        table = catalog.create_table(name, pa.schema([("id", pa.int64())]))
        table.append(pa.table({"id": [1, 2]}))
    split(catalog, names[3])
    strict(catalog, names[4])
    taken(catalog, names[5], folder)
    odd_names(catalog, names[6])
    return [".".join(name) for name in names]


def all_types(catalog, name):
    schema = pa.schema([("id", pa.int64()), ("day", pa.date32()), ("f", pa.float32()), ("at", pa.timestamp("us", "UTC")),
                        ("bytes", pa.binary()), ("price", pa.decimal128(9, 2)), ("m", pa.map_(pa.string(), pa.int64())),
                        ("clock", pa.time64("us"))])
    catalog.create_table(name, schema).append(pa.Table.from_pylist([
        {"id": 1, "day": datetime.date(2026, 1, 1), "f": 1.5, "at": datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
         "bytes": b"\x00\xff", "price": decimal.Decimal("1.50"), "m": [("a", 1)], "clock": datetime.time(1, 2, 3)},
        {"id": 2}], schema=schema))


def split(catalog, name):
    """Partitioned by two columns, neither a scope."""
    schema = Schema(NestedField(1, "id", LongType()), NestedField(2, "w", StringType()))
    spec = PartitionSpec(PartitionField(1, 1000, IdentityTransform(), "id"),
                         PartitionField(2, 1001, IdentityTransform(), "w"))
    catalog.create_table(name, schema, partition_spec=spec).append(
        pa.table({"id": [1, 2, 3], "w": ["a", None, "b"]}, schema=schema.as_arrow()))


def strict(catalog, name):
    """Columns that are required, which alignctl's own never are."""
    schema = Schema(NestedField(1, "id", LongType(), required=True), NestedField(2, "n", IntegerType(), required=True),
                    identifier_field_ids=[1])
    table = catalog.create_table(name, schema)
    table.append(pa.table({"id": [1], "n": [7]}, schema=schema.as_arrow()))
    with table.update_schema() as change:
        change.update_column("n", LongType())  # and then wider
    table.append(pa.table({"id": [2], "n": [1 << 40]}, schema=table.schema().as_arrow()))


def taken(catalog, name, folder):
    """A file without field ids, taken in as it is; then a column renamed."""
    path = f"{folder}/plain.parquet"
    pq.write_table(pa.table({"n": [7], "id": [1]}), path)
    table = catalog.create_table(name, pa.schema([("id", pa.int64()), ("n", pa.int64())]))
    table.add_files([path])
    with table.update_schema() as change:
        change.rename_column("n", "freq")
    table.append(pa.table({"id": [2], "freq": [8]}))


def odd_names(catalog, name):
    """Names that PyIceberg writes otherwise into its files."""
    schema = pa.schema([("id", pa.int64()), ('we"ird.col', pa.string()), ("1st", pa.struct([("a b", pa.int64())])),
                        ("国家", pa.string())])
    catalog.create_table(name, schema).append(pa.Table.from_pylist(
        [{"id": 1, 'we"ird.col': "x", "1st": {"a b": 2}, "国家": "中"}], schema=schema))


def make_unreadable(catalog):
    """A table whose columns no SQL of DuckDB can tell apart; gives its name."""
    schema = pa.schema([("id", pa.int64()), ("ID", pa.int64())])
    catalog.create_table("core.unreadable", schema).append(pa.Table.from_pylist([{"id": 1, "ID": 2}], schema=schema))
    return "core.unreadable"

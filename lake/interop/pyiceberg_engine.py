"""PyIceberg as an engine under test: see engine.py."""
import datetime
import random
import time
from urllib.parse import quote

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.types import DoubleType, LongType, StringType, TimestampType

import foreign
from engine import plain, serve


class PyIceberg:
    """One lake at a time, opened as docs/interop.md says."""

    def __init__(self):
        self.held = {}

    def open(self, lake):
        self.catalog = load_catalog("align", type="sql", uri=f"sqlite:///{lake}/catalog.db",
                                    warehouse=f"file://{lake}/warehouse")

    def join(self, host, port, database, user, password, warehouse, endpoint, key, secret, region):
        """Opens a shared lake: its catalog in PostgreSQL, its files in a bucket."""
        self.catalog = load_catalog("align", **{
            "type": "sql", "uri": f"postgresql+psycopg2://{user}:{quote(password)}@{host}:{port}/{database}",
            "warehouse": warehouse, "s3.endpoint": endpoint, "s3.access-key-id": key,
            "s3.secret-access-key": secret, "s3.region": region})

    def namespaces(self):
        return [".".join(name) for name in self.catalog.list_namespaces()]

    def tables(self, namespace):
        return [".".join(name) for name in self.catalog.list_tables(namespace)]

    def snapshots(self, table):
        """Snapshot ids, oldest first, as text: they exceed 2^53."""
        return [str(s.snapshot_id) for s in self.catalog.load_table(table).snapshots()]

    def writers(self, table):
        """Who made each snapshot, oldest first."""
        return ["alignctl" if "alignctl.run" in s.summary.additional_properties else "PyIceberg"
                for s in self.catalog.load_table(table).snapshots()]

    def read(self, table, snapshot="", tag=""):
        loaded = self.catalog.load_table(table)
        at = {}
        if snapshot:
            at["snapshot_id"] = int(snapshot)
        if tag:
            at["snapshot_id"] = loaded.snapshot_by_name(tag).snapshot_id
        return [plain(row) for row in loaded.scan(**at).to_arrow().to_pylist(maps_as_pydicts="strict")]

    def hold(self, table):
        """Loads a table as a program does that writes to it much later."""
        self.held[table] = self.catalog.load_table(table)

    def load(self, table):
        return self.held.pop(table, None) or self.catalog.load_table(table)

    def append(self, table, rows):
        loaded = self.load(table)
        loaded.append(arrow(loaded, rows))

    def append_one_by_one(self, table, rows, pause):
        """Appends each row in a commit of its own, after up to pause seconds,
        and again after a conflict that PyIceberg's own retries didn't settle;
        gives the texts of those."""
        conflicts = []
        for row in rows:
            time.sleep(random.uniform(0, pause))
            while True:
                try:
                    self.append(table, [row])
                    break
                except CommitFailedException as error:
                    conflicts.append(str(error))
        return conflicts

    def make_foreign(self, folder):
        return foreign.make(self.catalog, folder)

    def make_unreadable(self):
        return foreign.make_unreadable(self.catalog)

    def overwrite(self, table, where, rows):
        loaded = self.load(table)
        loaded.overwrite(arrow(loaded, rows), overwrite_filter=where)

    def delete(self, table, where):
        self.load(table).delete(where)

    def rename(self, table, column, to):
        with self.catalog.load_table(table).update_schema() as schema:
            schema.rename_column(tuple(column), to)

    def add(self, table, column, kind):
        types = {"string": StringType(), "long": LongType()}
        with self.catalog.load_table(table).update_schema() as schema:
            schema.add_column(column, types[kind])


def arrow(table, rows):
    """Rows from JSON as an Arrow table of an Iceberg table's schema."""
    columns = table.schema().as_struct()
    return pa.Table.from_pylist([natural(row, columns) for row in rows], schema=table.schema().as_arrow())


def natural(value, kind):
    """A value from JSON, which has no timestamps and no NaN."""
    if isinstance(value, list):
        return [natural(element, kind.element_type) for element in value]
    if isinstance(value, dict):
        return {field.name: natural(value.get(field.name), field.field_type) for field in kind.fields}
    if isinstance(value, str) and isinstance(kind, DoubleType):
        return float(value)
    if isinstance(value, str) and isinstance(kind, TimestampType):
        return datetime.datetime.fromisoformat(value)
    return value


if __name__ == "__main__":
    serve(PyIceberg())

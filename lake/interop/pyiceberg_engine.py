"""PyIceberg as an engine under test: see engine.py."""
import datetime

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.types import LongType, StringType

import foreign
from engine import plain, serve


class PyIceberg:
    """One lake at a time, opened as docs/interop.md says."""

    def open(self, lake):
        self.catalog = load_catalog("align", type="sql", uri=f"sqlite:///{lake}/catalog.db",
                                    warehouse=f"file://{lake}/warehouse")

    def namespaces(self):
        return [".".join(name) for name in self.catalog.list_namespaces()]

    def tables(self, namespace):
        return [".".join(name) for name in self.catalog.list_tables(namespace)]

    def snapshots(self, table):
        """Snapshot ids, oldest first, as text: they exceed 2^53."""
        return [str(s.snapshot_id) for s in self.catalog.load_table(table).snapshots()]

    def read(self, table, snapshot="", tag=""):
        loaded = self.catalog.load_table(table)
        at = {}
        if snapshot:
            at["snapshot_id"] = int(snapshot)
        if tag:
            at["snapshot_id"] = loaded.snapshot_by_name(tag).snapshot_id
        return [plain(row) for row in loaded.scan(**at).to_arrow().to_pylist(maps_as_pydicts="strict")]

    def tag(self, table, name, snapshot):
        with self.catalog.load_table(table).manage_snapshots() as manage:
            manage.create_tag(int(snapshot), name)

    def append(self, table, rows):
        loaded = self.catalog.load_table(table)
        loaded.append(arrow(loaded, rows))

    def append_one_by_one(self, table, rows):
        """Appends each row in a commit of its own, again after a conflict; gives
        the texts of the conflicts."""
        conflicts = []
        for row in rows:
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
        loaded = self.catalog.load_table(table)
        loaded.overwrite(arrow(loaded, rows), overwrite_filter=where)

    def delete(self, table, where):
        self.catalog.load_table(table).delete(where)

    def rename(self, table, column, to):
        with self.catalog.load_table(table).update_schema() as schema:
            schema.rename_column(tuple(column), to)

    def add(self, table, column, kind):
        types = {"string": StringType(), "long": LongType()}
        with self.catalog.load_table(table).update_schema() as schema:
            schema.add_column(column, types[kind])


def arrow(table, rows):
    """Rows from JSON as an Arrow table of an Iceberg table's schema."""
    kinds = {field.name: str(field.field_type) for field in table.schema().fields}
    return pa.Table.from_pylist([{name: natural(value, kinds[name]) for name, value in row.items()} for row in rows],
                                schema=table.schema().as_arrow())


def natural(value, kind):
    """A value from JSON, which has no timestamps and no NaN."""
    if isinstance(value, list) and kind == "list<double>":
        return [natural(element, "double") for element in value]
    if isinstance(value, str) and kind == "double":
        return float(value)
    if isinstance(value, str) and kind == "timestamp":
        return datetime.datetime.fromisoformat(value)
    return value


if __name__ == "__main__":
    serve(PyIceberg())

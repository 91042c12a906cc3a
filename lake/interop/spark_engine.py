"""Spark as an engine under test: see engine.py. Usage: spark_engine.py MASTER"""
import os
import sys

from pyspark.sql import SparkSession

from engine import plain, serve


class Spark:
    """One JVM; each lake gets a session of its own, for a session opens its
    catalog once, and the catalog of every lake has the same name."""

    def __init__(self, master):
        self.first = (SparkSession.builder.master(master)
                      .config("spark.jars", ",".join(jars()))
                      .config("spark.ui.enabled", "false")
                      .config("spark.driver.bindAddress", "127.0.0.1")
                      .config("spark.driver.host", "127.0.0.1")
                      .config("spark.sql.session.timeZone", "UTC")
                      .config("spark.sql.shuffle.partitions", "2")
                      .getOrCreate())

    def open(self, lake):
        self.use({"uri": f"jdbc:sqlite:{lake}/catalog.db", "jdbc.busy_timeout": "10000", "warehouse": f"file://{lake}/warehouse"})

    def join(self, host, port, database, user, password, warehouse, endpoint, key, secret, region):
        """Opens a shared lake: its catalog in PostgreSQL, its files in a bucket."""
        self.use({"uri": f"jdbc:postgresql://{host}:{port}/{database}", "jdbc.user": user, "jdbc.password": password,
                  "warehouse": warehouse, "io-impl": "org.apache.iceberg.aws.s3.S3FileIO", "s3.endpoint": endpoint,
                  "s3.path-style-access": "true", "s3.access-key-id": key, "s3.secret-access-key": secret,
                  "client.region": region})

    def use(self, properties):
        """Begins a session on a catalog with these properties."""
        self.spark = self.first.newSession()
        catalog = "spark.sql.catalog.align"
        self.spark.conf.set(catalog, "org.apache.iceberg.spark.SparkCatalog")
        for name, value in ({"catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
                             "cache-enabled": "false"}  # else it goes on reading an old version for 30 s
                            | properties).items():
            self.spark.conf.set(f"{catalog}.{name}", value)

    def namespaces(self):
        return [row[0] for row in self.spark.sql("show namespaces in align").collect()]

    def tables(self, namespace):
        return [f"{row[0]}.{row[1]}" for row in self.spark.sql(f"show tables in align.{namespace}").collect()]

    def snapshots(self, table):
        """Snapshot ids, oldest first, as text: they exceed 2^53."""
        rows = self.spark.sql(f"select snapshot_id from align.{table}.snapshots order by committed_at").collect()
        return [str(row[0]) for row in rows]

    def read(self, table, snapshot="", tag=""):
        version = ""
        if snapshot:
            version = f" version as of {snapshot}"
        if tag:
            version = f" version as of '{tag}'"
        return self.query(f"select * from align.{table}{version}")

    def query(self, sql):
        """Runs a statement and gives its rows."""
        return [plain(row.asDict(recursive=True)) for row in self.spark.sql(sql).collect()]


def jars():
    folder = os.environ["ALIGNCTL_SPARK_JARS"]
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".jar")]


if __name__ == "__main__":
    serve(Spark(sys.argv[1]))

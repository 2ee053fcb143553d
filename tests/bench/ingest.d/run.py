"""Measures ingest against COPY itself and against what one would write by hand. Called by tests/bench/ingest, which says how."""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from server import BIN, OWNER, Server, measured, say  # noqa: E402

FIRST, LAST = "2026-03-01", "2026-03-04"
LIMIT_COLUMNS = ("id, content_id, platform, metrics, views, likes, shares, comments, saves, average_watch_time, platform_metrics, recorded_at,"
                 " external_id, metric_window, window_start, window_end, user_id")
# Ids are made up by each, so a row names its post; numbers are compared as numbers, JSON as JSON.
CHECKSUM = """SELECT (SELECT count(*) || ' rows, ' || coalesce(sum(hashtextextended(concat_ws('|', m.platform, m.external_id, m.metric_window,
  m.recorded_at, m.views, m.likes, m.comments, m.metrics, m.platform_metrics, p.external_id), 0)), 0)
  FROM content_performance_metrics m JOIN tidemark.posts p ON p.user_id = m.user_id AND p.content_id = m.content_id
  WHERE m.user_id = '{o}' AND m.recorded_at >= '{f}') || '; '
 || (SELECT count(*) || ' posts, ' || coalesce(sum(hashtextextended(concat_ws('|', p.external_id, p.published_at, p.features, c.title, c.body,
  a.external_id), 0)), 0) FROM tidemark.posts p JOIN content c ON c.user_id = p.user_id AND c.id = p.content_id
  JOIN tidemark.accounts a ON a.user_id = p.user_id AND a.id = p.account_id WHERE p.user_id = '{o}')""".format(o=OWNER, f=FIRST)


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.server = Server(folder)
        self.server.sql("tidemark", f"SELECT tidemark.ensure_metric_partitions('{FIRST}', '{LAST}')")
        self.file = self.generate("payload.ndjson", 0)
        self.results = {}

    def generate(self, name, bad):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            subprocess.run(["lua5.4", os.path.join(HERE, "generate.lua"), str(self.options.rows), str(self.options.seed), str(bad)],
                           stdout=f, check=True)
        return path

    def ours(self, db, path, good=(0,)):
        return measured(self.server, self.options.rows, [BIN, "ingest", "--database", self.server.info(db), "--owner", "bench", path],
                        good, cwd=self.server.project)

    def limit(self, db):
        return measured(self.server, self.options.rows,
                        ["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-c",
                         f"\\copy content_performance_metrics ({LIMIT_COLUMNS}) FROM '{self.folder}/rows.copy'", self.server.info(db)])

    def python(self, db):
        return measured(self.server, self.options.rows, ["/usr/bin/python3", os.path.join(HERE, "peer.py"), self.server.info(db), OWNER, self.file])

    def node(self, db):
        s = self.server
        return measured(s, self.options.rows, ["node", os.path.join(HERE, "peer.mjs"), s.host, s.port, db, s.user, OWNER, self.file])

    def keep(self, name, result):
        self.results.setdefault(name, []).append(result)
        say(f"  {name:22} {result['rate']:9,.0f} rows/s   CPU per M rows: client {result['client']:6.2f} s, server {result['server']:6.2f} s"
            f"   {result['memory']:6.0f} MiB")

    def prepare_limit(self):
        """The rows already parsed, and a database that has their contents."""
        say("preparing the rows for \\copy")
        db = self.server.copy_of("bench_limit", self.options.template)
        self.ours(db, self.file)
        with open(f"{self.folder}/rows.copy", "wb") as f:
            subprocess.run(["psql", "-Xq", "-c", f"\\copy (SELECT {LIMIT_COLUMNS} FROM content_performance_metrics WHERE user_id = '{OWNER}'"
                            f" AND recorded_at >= '{FIRST}' ORDER BY recorded_at, id) TO STDOUT", self.server.info(db)], stdout=f, check=True)
        self.server.sql(db, f"DELETE FROM content_performance_metrics WHERE user_id = '{OWNER}'" if self.options.filled else
                        "TRUNCATE content_performance_metrics", "DELETE FROM tidemark.deliveries", "VACUUM (FREEZE) content",
                        "VACUUM (FREEZE) tidemark.posts", "VACUUM content_performance_metrics")

    def rounds(self):
        runs = {"tidemark": ("template", lambda db: self.ours(db, self.file)), "copy": ("bench_limit", self.limit),
                "python": ("template", self.python), "node": ("template", self.node)}
        sums, wrong = {}, False
        names = [n for n in self.options.only.split(",") if n in runs]
        if "copy" in names:
            self.prepare_limit()
        for number in range(1, self.options.rounds + 1):
            say(f"round {number}")
            for name in names:
                template, run = runs[name]
                db = self.server.copy_of("bench_run", self.options.template if template == "template" else template)
                self.keep(name, run(db))
                sums.setdefault(name, self.server.sql(db, CHECKSUM))
        for name, found in sums.items():
            wrong = wrong or found != sums[names[0]]
            say(f"  checksum {name:12} {found}")
        say("all wrote the same rows" if not wrong else "THE ROWS DIFFER")
        return wrong

    def others(self):
        """A replay of what is there, and items that are bad."""
        db = self.server.copy_of("bench_run", self.options.template)
        self.ours(db, self.file)
        before = self.server.sql(db, CHECKSUM)
        self.keep("replay", self.ours(db, self.file))
        wrong = before != self.server.sql(db, CHECKSUM)
        # The same counts under other hashes: nothing is known by its bytes, every row is.
        self.server.sql(db, "DELETE FROM tidemark.deliveries")
        self.keep("replay, ledger gone", self.ours(db, self.file))
        wrong = wrong or before != self.server.sql(db, CHECKSUM)
        db = self.server.copy_of("bench_run", self.options.template)
        self.keep("1 % bad", self.ours(db, self.generate("bad.ndjson", 1), good=(2,)))
        kept = self.server.sql(db, "SELECT sum(received), sum(inserted), sum(quarantined) FROM tidemark.deliveries")
        received, inserted, bad = map(int, kept.split("|"))
        say(f"  1 % bad: received {received} = inserted {inserted} + quarantined {bad}")
        return wrong or received != inserted + bad or received != self.options.rows

    def fill(self):
        """Rows of other owners and earlier days, the payload's owner among a hundred."""
        say(f"filling {self.options.filled:,} rows")
        db = self.server.copy_of("bench_filled", "tidemark")
        self.server.sql(db, "SELECT tidemark.ensure_metric_partitions('2025-03-01', '2026-02-28')", f"""
INSERT INTO content (id, title, user_id) SELECT md5('c' || i)::uuid, 'c' || i, md5('u' || i % 100)::uuid FROM generate_series(1, 100000) i""", f"""
INSERT INTO content_performance_metrics (id, content_id, platform, views, likes, comments, platform_metrics, recorded_at, external_id, user_id)
SELECT md5('m' || i)::uuid, md5('c' || 1 + i % 100000)::uuid, 'youtube', i, i / 31, i / 409, '{{"_parser":"youtube.videos"}}',
  timestamptz '2025-03-01' + interval '365 days' / {self.options.filled} * i, 'v' || 1 + i % 100000, md5('u' || (1 + i % 100000) % 100)::uuid
FROM generate_series(1, {self.options.filled}) i""", "VACUUM ANALYZE content_performance_metrics", "VACUUM ANALYZE content")
        return db

    def summary(self):
        def of(name, what):
            return statistics.median(r[what] for r in self.results[name])
        say(f"\n{'median of ' + str(self.options.rounds):22} {'rows/s':>9} {'client CPU/M':>13} {'server CPU/M':>13} {'peak memory':>12}"
            f" {'tidemark is':>14}")
        for name in self.results:
            ratio = of("tidemark", "rate") / of(name, "rate") if "tidemark" in self.results else 0
            say(f"{name:22} {of(name, 'rate'):9,.0f} {of(name, 'client'):11.2f} s {of(name, 'server'):11.2f} s {of(name, 'memory'):8.0f} MiB"
                f" {ratio:10.2f} x")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench ingest")
    parser.add_argument("--rows", type=int, default=1_000_000, help="a multiple of 500 (default 1000000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="tidemark,copy,python,node", help="which of them, with commas")
    parser.add_argument("--filled", type=int, default=0, metavar="ROWS", help="with so many rows there already (10000000)")
    parser.add_argument("--others", action="store_true", help="then a replay of the same data, and 1 %% bad items")
    options = parser.parse_args()
    options.template = "tidemark"
    folder = tempfile.mkdtemp(prefix="tidemark-ingest.", dir=os.environ.get("TMPDIR", "/tmp"))
    bench, wrong = None, False
    try:
        say(f"making {options.rows:,} snapshots, seed {options.seed}")
        bench = Bench(options, folder)
        if options.filled:
            options.template = bench.fill()
        wrong = bench.rounds()
        if options.others:
            wrong = bench.others() or wrong
        bench.summary()
    finally:
        if bench is not None:
            bench.server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if wrong else 0)


main()

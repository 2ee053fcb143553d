"""The same job in Python: python3 peer.py CONNINFO OWNER FILE. Extract, resolve ids, write; 5,000 rows a transaction, by COPY.

Rows are put together as COPY's text by hand: psycopg's write_row takes a third longer.
"""
import json
import re
import sys
import uuid

import psycopg

BATCH = 5000
COLUMNS = ("id, content_id, platform, views, likes, comments, platform_metrics, recorded_at, external_id, metric_window,"
           " window_start, user_id")
SPECIAL = re.compile(r"[\\\t\n\r]")
NAMES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")


def text(value):
    if value is None:
        return "\\N"
    value = str(value)
    return SPECIAL.sub(lambda m: NAMES[m[0]], value) if SPECIAL.search(value) else value


def count(value):
    return "\\N" if value is None else str(int(value))


def seconds(iso):
    m = DURATION.fullmatch(iso or "")
    return int(m[1] or 0) * 3600 + int(m[2] or 0) * 60 + int(m[3] or 0) if m else None


def facts(item):
    snippet = item.get("snippet", {})
    found = {"category_id": snippet.get("categoryId"), "language": snippet.get("defaultAudioLanguage"),
             "caption": snippet.get("description"), "tags": snippet.get("tags"),
             "duration_s": seconds(item.get("contentDetails", {}).get("duration"))}
    return (snippet.get("title"), snippet.get("publishedAt"), {k: v for k, v in found.items() if v is not None})


class Writer:
    def __init__(self, conn, owner):
        self.conn, self.owner = conn, owner
        self.posts, self.accounts = {}, {}
        self.rows, self.new, self.new_accounts = [], {}, {}

    def add(self, item, observed_at):
        key = item["id"]
        known = facts(item)
        post = self.posts.get(key)
        if post is None or post[1] != known:
            channel = item["snippet"]["channelId"]
            if channel not in self.accounts:
                self.accounts[channel] = self.new_accounts[channel] = uuid.uuid4()
            post = self.posts[key] = (post[0] if post else uuid.uuid4(), known)
            self.new[key] = (post[0], channel, known, observed_at)
        statistics = item["statistics"]
        more = {"_parser": "youtube.videos"}
        more.update((k, v) for k, v in statistics.items() if k not in ("viewCount", "likeCount", "commentCount"))
        self.rows.append("\t".join((str(uuid.uuid4()), str(post[0]), "youtube", count(statistics.get("viewCount")),
                                    count(statistics.get("likeCount")), count(statistics.get("commentCount")), text(json.dumps(more)),
                                    observed_at, text(key), "lifetime", "-infinity", self.owner)))
        if len(self.rows) >= BATCH:
            self.flush()

    def write_posts(self, cur):
        if self.new_accounts:
            cur.executemany("INSERT INTO tidemark.accounts (id, platform, external_id, user_id) VALUES (%s, 'youtube', %s, %s)"
                            " ON CONFLICT DO NOTHING", [(u, c, self.owner) for c, u in self.new_accounts.items()])
        if not self.new:
            return
        keys = list(self.new)
        values = list(self.new.values())
        cur.execute(
            "WITH want AS (SELECT * FROM unnest(%s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[], %s::jsonb[],"
            "   %s::timestamptz[]) AS w (external_id, content_id, account_id, title, published_at, features, facts_at)),"
            " made AS (INSERT INTO public.content (id, title, body, user_id) SELECT content_id, title, features->>'caption', %s::uuid"
            "   FROM want ON CONFLICT DO NOTHING)"
            " INSERT INTO tidemark.posts (platform, external_id, content_id, account_id, published_at, features, facts_at, user_id)"
            " SELECT 'youtube', external_id, content_id, account_id, published_at, features, facts_at, %s::uuid FROM want"
            " ON CONFLICT (user_id, platform, external_id) DO UPDATE SET features = excluded.features, facts_at = excluded.facts_at",
            (keys, [v[0] for v in values], [self.accounts[v[1]] for v in values], [v[2][0] for v in values],
             [v[2][1] for v in values], [json.dumps(v[2][2]) for v in values], [v[3] for v in values], self.owner, self.owner))

    def flush(self):
        if not self.rows:
            return
        with self.conn.transaction(), self.conn.cursor() as cur:
            self.write_posts(cur)
            with cur.copy(f"COPY public.content_performance_metrics ({COLUMNS}) FROM STDIN") as copy:
                copy.write("\n".join(self.rows) + "\n")
        self.rows, self.new, self.new_accounts = [], {}, {}


def main():
    conninfo, owner, path = sys.argv[1:]
    with psycopg.connect(conninfo, autocommit=True) as conn, open(path, "rb") as lines:
        writer = Writer(conn, owner)
        for line in lines:
            answer = json.loads(line)
            for item in answer["body"]["items"]:
                writer.add(item, answer["fetched_at"])
        writer.flush()


main()

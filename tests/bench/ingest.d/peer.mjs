// The same job in Node: node peer.mjs HOST PORT DATABASE USER OWNER FILE. Extract, resolve ids, write; 5,000 rows a transaction, by
// COPY. The next batch is parsed while the last one is copied.
import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { finished } from "node:stream/promises";

const require = createRequire(process.env.PEER_MODULES + "/");
const { Client } = require("pg");
const { from: copyFrom } = require("pg-copy-streams");

const [host, port, database, user, owner, path] = process.argv.slice(2);
const BATCH = 5000;
const COLUMNS =
  "id, content_id, platform, views, likes, comments, platform_metrics, recorded_at, external_id, metric_window, window_start, user_id";
const client = new Client({ host, port: Number(port), database, user });
const posts = new Map(), accounts = new Map();
let rows = [], fresh = [], freshAccounts = [], writing = Promise.resolve();

const names = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };
const text = (s) => (/[\\\t\n\r]/.test(s) ? s.replace(/[\\\t\n\r]/g, (c) => names[c]) : s);
const count = (n) => (n === undefined || n === null ? "\\N" : String(BigInt(n)));

function seconds(iso) {
  const m = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(iso ?? "");
  return m ? Number(m[1] ?? 0) * 3600 + Number(m[2] ?? 0) * 60 + Number(m[3] ?? 0) : undefined;
}

function add(item, at) {
  const { snippet, statistics } = item;
  const features = JSON.stringify({
    category_id: snippet.categoryId, language: snippet.defaultAudioLanguage, caption: snippet.description, tags: snippet.tags,
    duration_s: seconds(item.contentDetails?.duration),
  });
  let post = posts.get(item.id);
  if (!post || post.features !== features || post.title !== snippet.title) {
    let account = accounts.get(snippet.channelId);
    if (!account) {
      accounts.set(snippet.channelId, (account = randomUUID()));
      freshAccounts.push([account, snippet.channelId]);
    }
    post = { content: post?.content ?? randomUUID(), features, title: snippet.title };
    posts.set(item.id, post);
    fresh.push([item.id, post.content, account, snippet.title, snippet.publishedAt, features, at, snippet.description]);
  }
  const { viewCount, likeCount, commentCount, ...more } = statistics;
  more._parser = "youtube.videos";
  rows.push(`${randomUUID()}\t${post.content}\tyoutube\t${count(viewCount)}\t${count(likeCount)}\t${count(commentCount)}\t`
    + `${text(JSON.stringify(more))}\t${at}\t${text(item.id)}\tlifetime\t-infinity\t${owner}\n`);
}

async function writePosts(wanted, wantedAccounts) {
  if (wantedAccounts.length)
    await client.query("INSERT INTO tidemark.accounts (id, platform, external_id, user_id) SELECT id, 'youtube', e, $3::uuid"
      + " FROM unnest($1::uuid[], $2::text[]) AS w (id, e) ON CONFLICT DO NOTHING",
      [wantedAccounts.map((a) => a[0]), wantedAccounts.map((a) => a[1]), owner]);
  if (!wanted.length) return;
  const column = (i) => wanted.map((w) => w[i]);
  await client.query(
    "WITH want AS (SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::jsonb[],"
    + "   $7::timestamptz[], $8::text[]) AS w (external_id, content_id, account_id, title, published_at, features, facts_at, body)),"
    + " made AS (INSERT INTO public.content (id, title, body, user_id) SELECT content_id, title, body, $9::uuid FROM want"
    + "   ON CONFLICT DO NOTHING)"
    + " INSERT INTO tidemark.posts (platform, external_id, content_id, account_id, published_at, features, facts_at, user_id)"
    + " SELECT 'youtube', external_id, content_id, account_id, published_at, features, facts_at, $9::uuid FROM want"
    + " ON CONFLICT (user_id, platform, external_id) DO UPDATE SET features = excluded.features, facts_at = excluded.facts_at",
    [...[0, 1, 2, 3, 4, 5, 6, 7].map(column), owner]);
}

async function write(data, wanted, wantedAccounts) {
  await client.query("BEGIN");
  await writePosts(wanted, wantedAccounts);
  const copy = client.query(copyFrom(`COPY public.content_performance_metrics (${COLUMNS}) FROM STDIN`));
  if (!copy.write(data)) await once(copy, "drain");
  copy.end();
  await finished(copy);
  await client.query("COMMIT");
}

async function flush() {
  await writing;
  if (rows.length) writing = write(rows.join(""), fresh, freshAccounts);
  rows = [], fresh = [], freshAccounts = [];
}

function* whole(chunk, state) {
  let from = 0, eol;
  while ((eol = chunk.indexOf(10, from)) >= 0) {
    state.parts.push(chunk.subarray(from, eol));
    yield state.parts.length === 1 ? state.parts[0].toString() : Buffer.concat(state.parts).toString();
    state.parts = [];
    from = eol + 1;
  }
  if (from < chunk.length) state.parts.push(chunk.subarray(from));
}

await client.connect();
const state = { parts: [] };
for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
  for (const line of whole(chunk, state)) {
    const answer = JSON.parse(line);
    for (const item of answer.body.items) add(item, answer.fetched_at);
    if (rows.length >= BATCH) await flush();
  }
await flush();
await writing;
await client.end();

"""A server of the bench's own, with the settings that tidemark gives every server it makes; and what one run costs."""
import os
import re
import shutil
import subprocess
import sys
import time

BIN = os.path.realpath(os.environ["TIDEMARK_BIN"])
OWNER = "5b0f6f0a-3f53-4d0c-9d5a-0d7b6c1c2e11"


class Server:
    """The project's own server, with the settings it gives everybody."""

    def __init__(self, folder):
        self.project = os.path.join(folder, "project")
        tidemark("init", "--owner", "bench", self.project)
        config = os.path.join(self.project, "tidemark.lua")
        with open(config, encoding="utf-8") as f:
            text = re.sub(r'bench = "[^"]*"', f'bench = "{OWNER}"', f.read())
        with open(config, "w", encoding="utf-8") as f:
            f.write(text)
        said = tidemark("db", "start", cwd=self.project)
        self.host, self.port, self.user = re.search(r"host=(\S+) port=(\S+) user=(\S+)", said).groups()
        data = self.sql("tidemark", "SHOW data_directory")
        with open(os.path.join(data, "postmaster.pid"), encoding="ascii") as f:
            self.pid = int(f.readline())

    def info(self, db):
        return f"host={self.host} port={self.port} user={self.user} dbname={db}"

    def sql(self, db, *statements):
        out = ""
        for one in statements:
            done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", one, self.info(db)], check=False,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(f"the database {db} refused this:\n{one}\n{done.stderr}")
            out = done.stdout.strip()
        return out

    def copy_of(self, db, template):
        self.sql("postgres", f"DROP DATABASE IF EXISTS {db}", f"CREATE DATABASE {db} TEMPLATE {template}", "CHECKPOINT")
        return db

    def cpu(self):
        """Seconds that the server's processes have used, those that have ended included."""
        ticks = 0
        for pid in [p for p in os.listdir("/proc") if p.isdigit()]:
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                    fields = f.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(pid) == self.pid:
                ticks += sum(int(x) for x in fields[11:15])
            elif int(fields[1]) == self.pid:
                ticks += sum(int(x) for x in fields[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self):
        data = self.sql("tidemark", "SHOW data_directory")
        subprocess.run([BIN, "db", "stop"], cwd=self.project, check=False, capture_output=True)
        if os.geteuid() == 0 and data.startswith("/var/lib/tidemark/"):
            shutil.rmtree(os.path.dirname(data), ignore_errors=True)


def tidemark(*args, cwd=None):
    done = subprocess.run([BIN, *args], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"this ended with exit code {done.returncode}: tidemark {' '.join(args)}\n{done.stderr}")
    return done.stdout


def measured(server, rows, argv, good=(0,), cwd=None, env=None):
    """One run: wall, client CPU, server CPU, peak memory."""
    before, begun = server.cpu(), time.monotonic()
    child = subprocess.Popen(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall, child.returncode = time.monotonic() - begun, os.waitstatus_to_exitcode(status)
    if child.returncode not in good:
        sys.exit(f"this ended with exit code {child.returncode}: {' '.join(argv)}\n{said.decode()}")
    million = rows / 1e6
    return {"wall": wall, "rate": rows / wall, "client": (usage.ru_utime + usage.ru_stime) / million,
            "server": (server.cpu() - before) / million, "memory": usage.ru_maxrss / 1024}


def say(line):
    print(line, flush=True)
